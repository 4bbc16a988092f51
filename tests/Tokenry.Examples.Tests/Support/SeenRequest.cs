using System.Text.Json;

namespace Tokenry.Examples.Tests.Support;

/// <summary>A request as the example API got it: a line of its log.</summary>
internal sealed record SeenRequest(string Method, string Target, IReadOnlyDictionary<string, string[]> Headers)
{
    public string? TestId => Headers.TryGetValue("X-Test-Id", out var values) ? values[0] : null;

    public string Path => Target.Split('?')[0];

    /// <summary>Empty where there is none.</summary>
    public string Header(string name) => Headers.TryGetValue(name, out var values) ? string.Join(", ", values) : "";

    /// <summary><c>null</c> for the line that is being written.</summary>
    public static SeenRequest? Read(string line)
    {
        if (!line.StartsWith('{') || !line.EndsWith('}'))
            return null;
        var seen = JsonSerializer.Deserialize<Line>(line, JsonSerializerOptions.Web)!;
        return new(seen.Method, seen.Target, new Dictionary<string, string[]>(seen.Headers, StringComparer.OrdinalIgnoreCase));
    }

    private sealed record Line(string Method, string Target, Dictionary<string, string[]> Headers);
}
