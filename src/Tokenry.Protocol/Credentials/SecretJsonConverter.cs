using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// Keeps a <see cref="Secret"/> out of every JSON document. A record that shows a secret once uses a plain string member and an explicit
/// <see cref="Secret.Reveal"/>, which a reviewer can find.
/// </summary>
public sealed class SecretJsonConverter : JsonConverter<Secret>
{
    private const string Refusal = "The serializer writes no secrets. Call Reveal where a secret must be shown.";

    /// <summary>Never reads.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException(Refusal);

    /// <summary>Never writes.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
        throw new NotSupportedException(Refusal);

    /// <summary>Never writes a dictionary key either.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
        throw new NotSupportedException(Refusal);
}
