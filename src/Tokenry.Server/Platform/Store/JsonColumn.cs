using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Store;

/// <summary>Stores lists and small objects as JSON text, in the same form as on the wire.</summary>
public static class JsonColumn
{
    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, TokenryJson.Strict)!;

    /// <summary>For types that are not part of the API.</summary>
    public static T Read<T>(string json, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(json, type)!;

    public static string Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    public static T? ReadNullable<T>(string? json)
        where T : class => json is null ? null : Read<T>(json);

    [return: NotNullIfNotNull(nameof(value))]
    public static string? Write<T>(T? value) => value is null ? null : JsonSerializer.Serialize(value, TokenryJson.Strict);
}
