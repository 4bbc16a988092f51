using System.Net;

namespace Tokenry.Testing;

/// <summary>
/// A person's browser without JavaScript, as far as pages need one: it keeps cookies, sends the headers that browsers send with a form, and fills in the form
/// that a page shows. It follows no redirects, so that a test sees each.
/// </summary>
/// <param name="address">Scheme, host and port.</param>
public sealed class Browser(string address)
{
    public const string SessionCookie = "__Host-tokenry";

    private readonly ApiClient _client = new(address);

    public Dictionary<string, string> Cookies { get; } = new(StringComparer.Ordinal);

    /// <summary>The value of the session's cookie; null if there is none.</summary>
    public string? Session => Cookies.GetValueOrDefault(SessionCookie);

    public string Address => _client.Address;

    /// <summary>The lines of <c>Set-Cookie</c> of the last answer.</summary>
    public IReadOnlyList<string> LastCookies { get; private set; } = [];

    /// <summary>Another browser with the same cookies, as a thief would have it.</summary>
    public Browser Copy()
    {
        var copy = new Browser(Address);
        foreach (var (name, value) in Cookies)
            copy.Cookies[name] = value;
        return copy;
    }

    public Task<ApiResponse> GetAsync(string path, IDictionary<string, string>? headers = null) =>
        SendAsync(HttpMethod.Get, path, body: null, headers);

    /// <summary>Opens a page and sends its form with that action, with these fields beside the hidden ones.</summary>
    public async Task<ApiResponse> SubmitAsync(
        string page,
        string action,
        IEnumerable<(string Name, string Value)> fields,
        IDictionary<string, string>? headers = null
    ) => await PostAsync(action, [.. await HiddenAsync(page, action), .. fields], headers);

    /// <summary>The hidden fields of a form of a page.</summary>
    public async Task<IReadOnlyList<(string Name, string Value)>> HiddenAsync(string page, string action)
    {
        var shown = (await GetAsync(page)).Expect(200);
        var form =
            Between(shown.Body, "<form", "</form>").FirstOrDefault(text => text.Contains($"action=\"{action}\"", StringComparison.Ordinal))
            ?? throw new UnexpectedResponseException($"{page} has no form with the action {action}:\n{shown.Body}");
        return
        [
            .. Between(form, "<input", ">")
                .Where(input => Attribute(input, "type") == "hidden")
                .Select(input => (Attribute(input, "name")!, WebUtility.HtmlDecode(Attribute(input, "value") ?? ""))),
        ];
    }

    /// <summary>A form without a page: only what is given here is sent.</summary>
    public async Task<ApiResponse> PostAsync(
        string path,
        IEnumerable<(string Name, string Value)> fields,
        IDictionary<string, string>? headers = null
    )
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Origin"] = Address,
            ["Sec-Fetch-Site"] = "same-origin",
        };
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
            all[name] = value;
        return await SendAsync(HttpMethod.Post, path, content, all);
    }

    private async Task<ApiResponse> SendAsync(HttpMethod method, string path, object? body, IDictionary<string, string>? headers)
    {
        var all = new Dictionary<string, string>(headers ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase);
        all.TryAdd("Accept", "text/html");
        if (Cookies.Count > 0)
            all.TryAdd("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        var answer = await _client.SendAsync(method, path, body, all);
        LastCookies = answer.Headers.TryGetValue("Set-Cookie", out var lines) ? lines : [];
        foreach (var line in LastCookies)
        {
            var pair = line.Split(';')[0].Split('=', 2);
            if (pair[1].Length == 0 || line.Contains("expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase))
                Cookies.Remove(pair[0]);
            else
                Cookies[pair[0]] = pair[1];
        }

        return answer;
    }

    private static IEnumerable<string> Between(string text, string begin, string end) =>
        text.Split(begin).Skip(1).Select(rest => rest.Split(end)[0]);

    private static string? Attribute(string tag, string name) => Between(tag, $" {name}=\"", "\"").FirstOrDefault();
}
