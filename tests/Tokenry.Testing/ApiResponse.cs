using System.Text.Json;

namespace Tokenry.Testing;

/// <summary>A whole response, already read: tests look at it from all sides and in any order.</summary>
public sealed class ApiResponse
{
    private JsonElement? _json;

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required int Status { get; init; }

    /// <summary>Every header line as it came, content headers included: two challenges in two lines are not one line.</summary>
    public required IReadOnlyDictionary<string, string[]> Headers { get; init; }

    public required string Body { get; init; }

    /// <summary>The root of a JSON body.</summary>
    public JsonElement Json => _json ??= Parse();

    /// <summary>All lines of a header joined by a comma, null if there is none.</summary>
    public string? Header(string name) => Headers.TryGetValue(name, out var lines) ? string.Join(", ", lines) : null;

    /// <summary>A string member of the JSON body, by name or by path (<c>owner.id</c>).</summary>
    public string Text(string path)
    {
        var element = Json;
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                throw Unexpected($"a member {path}");
        }
        return element.GetString() ?? throw Unexpected($"a member {path} that is not null");
    }

    /// <summary>Itself if the status is the expected one; otherwise the test fails with method, path, both statuses and the body.</summary>
    public ApiResponse Expect(int status) => Status == status ? this : throw Unexpected(status.ToString());

    /// <summary>As <see cref="Expect(int)"/>, and the problem's stable <c>code</c> must be this one.</summary>
    public ApiResponse Expect(int status, string code) =>
        Expect(status).Text("code") == code ? this : throw Unexpected($"{status} with code {code}");

    private JsonElement Parse()
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw Unexpected("a JSON body");
        }
    }

    private UnexpectedResponseException Unexpected(string expected) =>
        new($"{Method} {Path}: expected {expected}, got {Status}\n{(Body.Length == 0 ? "(empty body)" : Body)}");
}
