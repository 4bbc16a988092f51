namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Asking <c>/v1/verify</c> about requests that an API key with a signing key has signed.</summary>
internal static class SignedQuestions
{
    private const string Path = "/v1/invoices/a%2Fb?q=%C3%A9+x";

    public static string Url(Created made) => made.Api.Identifier + Path;

    public static RequestSigner Signer(Created made) => RequestSigner.Of(made.ApiKey);

    public static void Cover(SignedParts parts, string field, string value)
    {
        parts.Components.Add($"\"{field}\"");
        parts.Values[field] = value;
    }

    public static Dictionary<string, string> Spoilt(Dictionary<string, string> headers)
    {
        var at = "tokenry=:".Length;
        var signature = headers["Signature"];
        headers["Signature"] = $"{signature[..at]}{(signature[at] == 'A' ? 'B' : 'A')}{signature[(at + 1)..]}";
        return headers;
    }

    public static async Task<string> CodeAsync(
        ApiClient admin,
        Created made,
        Dictionary<string, string> headers,
        string? token = null,
        string method = "GET",
        string? ip = null,
        bool api = true
    ) => (await AskAsync(admin, made, headers, token, method, ip, api).Expect(200)).Text("code");

    public static Task<ApiResponse> AskAsync(
        ApiClient admin,
        Created made,
        Dictionary<string, string> headers,
        string? token = null,
        string method = "GET",
        string? ip = null,
        bool api = true
    )
    {
        var all = new Dictionary<string, string>(headers) { ["x-a"] = "1" };
        var body = new Dictionary<string, object> { ["method"] = method, ["proof"] = new { uri = Url(made), headers = all } };
        if (api)
            body["api"] = made.Api.Identifier;
        if (token is not null)
            body["token"] = token;
        if (ip is not null)
            body["ip"] = ip;
        return admin.PostAsync("/v1/verify", body);
    }

    public static async Task<(ApiClient Admin, Created Made)> ArrangeAsync(
        SharedServers servers,
        Engine engine,
        string signing = "optional"
    )
    {
        var admin = await servers.AdminAsync(engine);
        return (admin, await Scenario.On(admin).ApiKey(_ => new { request_signing = signing }).CreateAsync());
    }
}
