using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// Headers of a request as a JSON object, as servers have them: each a text, or a list of texts where a header came in several lines. Names are compared
/// without regard to case, and none stands twice.
/// </summary>
public sealed class HeaderLinesConverter : JsonConverter<IReadOnlyDictionary<string, IReadOnlyList<string>>>
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, IReadOnlyList<string>> Read(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options
    )
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Not an object.");
        }

        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!headers.TryAdd(name, Lines(ref reader)))
            {
                throw new JsonException("A duplicate header.");
            }
        }

        return headers;
    }

    /// <inheritdoc/>
    public override void Write(
        Utf8JsonWriter writer,
        IReadOnlyDictionary<string, IReadOnlyList<string>> value,
        JsonSerializerOptions options
    )
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartObject();
        foreach (var (name, lines) in value)
        {
            writer.WriteStartArray(name);
            foreach (var line in lines)
            {
                writer.WriteStringValue(line);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static List<string> Lines(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return [reader.GetString()!];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("Neither a text nor a list of texts.");
        }

        var lines = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            lines.Add(reader.GetString()!);
        }

        return reader.TokenType == JsonTokenType.EndArray ? lines : throw new JsonException("Not a list of texts.");
    }
}
