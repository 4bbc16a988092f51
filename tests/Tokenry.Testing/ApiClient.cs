using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Tokenry.Testing;

/// <summary>
/// The HTTP API as a stranger's client sees it: no types shared with the server, no redirects followed, no cookies kept. A test
/// that renames a member of the contract by accident cannot agree with itself here.
/// </summary>
/// <param name="address">Scheme, host and port.</param>
/// <param name="bearer">The credential to present; null presents none.</param>
/// <param name="timeout">Of one request; a minute if left out.</param>
/// <param name="handler">Where it needs connections of its own; it stays the caller's.</param>
public sealed class ApiClient(string address, string? bearer = null, TimeSpan? timeout = null, HttpMessageHandler? handler = null)
{
    private static readonly HttpClient Http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // Shorter than that of the server (60 s), or a request meets a connection that the server closes.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly HttpClient _http = handler is null
        ? Http
        : new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    public string Address { get; } = address.TrimEnd('/');

    public string? Bearer => bearer;

    /// <summary>The same server with another credential, or with none.</summary>
    public ApiClient With(string? credential) => new(Address, credential, timeout, handler);

    /// <summary>The same credential at another server: a replica.</summary>
    public ApiClient At(string otherAddress) => new(otherAddress, bearer, timeout, handler);

    public ApiClient Within(TimeSpan limit) => new(Address, bearer, limit, handler);

    public Task<ApiResponse> GetAsync(string path, object? body = null, IDictionary<string, string>? headers = null) =>
        SendAsync(HttpMethod.Get, path, body, headers);

    public Task<ApiResponse> PostAsync(string path, object? body = null, IDictionary<string, string>? headers = null) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    public Task<ApiResponse> PatchAsync(string path, object? body = null, IDictionary<string, string>? headers = null) =>
        SendAsync(HttpMethod.Patch, path, body, headers);

    public Task<ApiResponse> DeleteAsync(string path, object? body = null, IDictionary<string, string>? headers = null) =>
        SendAsync(HttpMethod.Delete, path, body, headers);

    /// <summary>
    /// A form, as the OAuth endpoints take it. <paramref name="basic"/> authenticates the client as RFC 6749 §2.3.1 has it: both
    /// parts form-urlencoded before they are joined.
    /// </summary>
    public async Task<ApiResponse> FormAsync(
        string path,
        IEnumerable<(string Name, string Value)> form,
        (string Id, string Secret)? basic = null,
        IDictionary<string, string>? headers = null
    )
    {
        var all = new Dictionary<string, string>(headers ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase);
        if (basic is var (id, secret))
        {
            var pair = $"{WebUtility.UrlEncode(id)}:{WebUtility.UrlEncode(secret)}";
            all["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(pair));
        }
        using var content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await SendAsync(HttpMethod.Post, path, content, all);
    }

    /// <param name="method">Any, for the routes that take any.</param>
    /// <param name="path">From the slash on, with its query.</param>
    /// <param name="body">
    /// A string is sent as it is, as JSON (so that a test can send what is not JSON); <see cref="HttpContent"/> is sent as it is;
    /// anything else is serialised with its members named as written.
    /// </param>
    /// <param name="headers">They win over what the client would send: a Content-Type, an Authorization (empty: none).</param>
    public async Task<ApiResponse> SendAsync(
        HttpMethod method,
        string path,
        object? body = null,
        IDictionary<string, string>? headers = null
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(Address + path));
        request.Content = Content(body);
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
            Set(request, name, value);

        using var deadline = new CancellationTokenSource(timeout ?? TimeSpan.FromMinutes(1));
        using var response = await AnswerAsync(request, deadline.Token);
        return new ApiResponse
        {
            Method = method.Method,
            Path = path,
            Status = (int)response.StatusCode,
            Headers = response
                .Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
                .ToDictionary(header => header.Key, header => header.Value.ToArray(), StringComparer.OrdinalIgnoreCase),
            Body = await response.Content.ReadAsStringAsync(deadline.Token),
        };
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await _http.SendAsync(request, stop);
        }
        catch (SocketException exception)
        {
            // HttpClient asks a connection whom it is with without expecting that it may be gone by then.
            throw new HttpRequestException("The connection was cut as it was made.", exception);
        }
    }

    private static HttpContent? Content(object? body) =>
        body switch
        {
            null => null,
            HttpContent content => content,
            string text => Json(Encoding.UTF8.GetBytes(text)),
            _ => Json(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType())),
        };

    private static ByteArrayContent Json(byte[] bytes) =>
        new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static void Set(HttpRequestMessage request, string name, string value)
    {
        if (request.Content is { } content && name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
        {
            content.Headers.Remove(name);
            content.Headers.TryAddWithoutValidation(name, value);
            return;
        }
        request.Headers.Remove(name);
        if (value.Length > 0)
            request.Headers.TryAddWithoutValidation(name, value);
    }
}
