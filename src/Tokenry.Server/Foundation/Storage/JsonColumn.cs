using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>Lists and small objects are stored as JSON text, in the same form as on the wire.</summary>
public static class JsonColumn
{
    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, TokenryJson.Strict)!;

    public static T? ReadNullable<T>(string? json)
        where T : class => json is null ? null : Read<T>(json);

    [return: NotNullIfNotNull(nameof(value))]
    public static string? Write<T>(T? value) => value is null ? null : JsonSerializer.Serialize(value, TokenryJson.Strict);
}
