using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Tokenry.Server.Composition.Demo;

/// <summary>The server's own API, over HTTP. Who called from where is said in the way of a trusted proxy.</summary>
internal sealed class DemoApi(Uri address, StoryClock clock) : IDisposable
{
    /// <summary>A request follows the one before after this long.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(7);

    private readonly HttpClient http = new() { BaseAddress = address };

    /// <summary>The token of the administrator, who makes and manages everything.</summary>
    public string? Token { get; set; }

    /// <summary>A request of the administrator from the company's office.</summary>
    /// <exception cref="InvalidOperationException">The server refused it: the story is wrong.</exception>
    public async Task<JsonObject> AsAdministratorAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        clock.Advance(Pause);
        using var request = Request(
            method,
            path,
            body,
            "203.0.113.20",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return await SendAsync(request);
    }

    /// <summary>A request without a credential.</summary>
    /// <exception cref="InvalidOperationException">The server refused it: the story is wrong.</exception>
    public async Task<JsonObject> AsAnybodyAsync(string path, JsonObject body, string from)
    {
        clock.Advance(Pause);
        using var request = Request(HttpMethod.Post, path, body, from, "curl/8.14.1");
        return await SendAsync(request);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, JsonObject? body, string from, string agent)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Add("X-Forwarded-For", from);
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("User-Agent", agent);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        return request;
    }

    private async Task<JsonObject> SendAsync(HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            // Refusals repeat no secret.
            throw new InvalidOperationException($"{request.Method} {request.RequestUri}: {(int)response.StatusCode} {text}");
        }

        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }
}
