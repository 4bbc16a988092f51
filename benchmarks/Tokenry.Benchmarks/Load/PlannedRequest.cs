using System.Text.Json.Serialization;

namespace Tokenry.Benchmarks.Load;

/// <summary>A request of the load, and a text that every good answer to it holds.</summary>
public sealed record PlannedRequest
{
    public required string Method { get; init; }

    /// <summary>From the slash on, with its query.</summary>
    public required string Path { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public string? Body { get; init; }

    [JsonPropertyName("expect")]
    public string Expected { get; init; } = "";

    public static PlannedRequest Get(string path, string? bearer, string expected) =>
        new()
        {
            Method = "GET",
            Path = path,
            Headers = Authorization(bearer is null ? null : "Bearer " + bearer),
            Expected = expected,
        };

    public static PlannedRequest Post(string path, string contentType, string body, string? authorization, string expected) =>
        new()
        {
            Method = "POST",
            Path = path,
            Headers = new Dictionary<string, string>(Authorization(authorization)) { ["Content-Type"] = contentType },
            Body = body,
            Expected = expected,
        };

    private static Dictionary<string, string> Authorization(string? authorization) =>
        authorization is null ? [] : new() { ["Authorization"] = authorization };
}
