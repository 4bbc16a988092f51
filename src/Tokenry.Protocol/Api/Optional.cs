using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// A member of a request that may be absent. A JSON merge patch (RFC 7396) keeps what is absent and clears what is <c>null</c>. A PAT without <c>expires_at</c>
/// gets the default lifetime; with <c>null</c> it never expires.
/// </summary>
/// <typeparam name="T">The member's type; nullable if <c>null</c> means "clear".</typeparam>
[JsonConverter(typeof(OptionalConverterFactory))]
public readonly struct Optional<T>
{
    private readonly T value;

    /// <summary>A member that is present, possibly with <c>null</c>.</summary>
    public Optional(T value)
    {
        this.value = value;
        IsPresent = true;
    }

    /// <summary>Whether the request contained the member.</summary>
    public bool IsPresent { get; }

    /// <summary>The member's value if it is present, else <paramref name="fallback"/>.</summary>
    public T Or(T fallback) => IsPresent ? value : fallback;

    /// <inheritdoc/>
    public override string ToString() => IsPresent ? $"{value}" : "(absent)";

    internal T ValueForJson => value;
}

/// <summary>Creates the converter of each <see cref="Optional{T}"/>.</summary>
public sealed class OptionalConverterFactory : JsonConverterFactory
{
    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert)
    {
        ArgumentNullException.ThrowIfNull(typeToConvert);
        return typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);
    }

    /// <inheritdoc/>
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(typeToConvert);
        return (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;
    }

    private sealed class Converter<T> : JsonConverter<Optional<T>>
    {
        public override bool HandleNull => true;

        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return new(JsonSerializer.Deserialize<T>(ref reader, options)!);
            }
            catch (JsonException fault)
            {
                // This exception's path starts at the value. Without a path, the outer serializer adds the one that names the member.
                throw new JsonException(fault.Message, fault);
            }
        }

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ValueForJson, options);
    }
}
