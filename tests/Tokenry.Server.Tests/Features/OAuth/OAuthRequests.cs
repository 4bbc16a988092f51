using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>OAuth's own requests and answers, so that a test says only what it is about.</summary>
internal static class OAuthRequests
{
    public const string BasicChallenge = "Basic realm=\"tokenry\", charset=\"UTF-8\"";

    /// <summary>The last application of the scenario with its last secret.</summary>
    public static (string Id, string Secret) Client(this Created made) => (made.Application.Id, made.ClientSecret.Secret);

    public static Task<ApiResponse> TokenAsync(
        this ApiClient anonymous,
        (string Id, string Secret) client,
        params (string Name, string Value)[] parameters
    ) => anonymous.FormAsync("/oauth/token", [("grant_type", "client_credentials"), .. parameters], client);

    public static async Task<string> AccessTokenAsync(
        this ApiClient anonymous,
        (string Id, string Secret) client,
        params (string Name, string Value)[] parameters
    ) => (await anonymous.TokenAsync(client, parameters).Expect(200)).Text("access_token");

    public static Task<ApiResponse> IntrospectAsync(this ApiClient caller, string token, (string Id, string Secret)? client = null) =>
        caller.FormAsync("/oauth/introspect", [("token", token)], client);

    public static Task<ApiResponse> RevokeAsync(this ApiClient anonymous, string token, (string Id, string Secret) client) =>
        anonymous.FormAsync("/oauth/revoke", [("token", token)], client);

    /// <summary>An error answer as RFC 6749 §5.2 has it, to the last character allowed in its description; a 401 or 403 has a challenge.</summary>
    public static async Task<ApiResponse> ExpectOAuth(this Task<ApiResponse> answering, int status, string error)
    {
        var response = (await answering).Expect(status);
        Assert.Equal(error, response.Text("error"));
        Assert.Equal(["error", "error_description"], Members(response));
        Assert.All(response.Text("error_description"), c => Assert.True(c is >= ' ' and <= '~' and not ('"' or '\\'), $"U+{(int)c:X4}"));
        ExpectUncached(response);
        Assert.Equal("application/json", response.Header("Content-Type"));
        Assert.Equal(status is 401 or 403, response.Header("WWW-Authenticate") is not null);
        return response;
    }

    /// <summary>What introspection says of everything the caller may not know: exactly this, and nothing that differs by reason.</summary>
    public static async Task<ApiResponse> ExpectInactive(this Task<ApiResponse> answering)
    {
        var response = (await answering).Expect(200);
        Assert.Equal("""{"active":false}""", response.Body);
        ExpectUncached(response);
        return response;
    }

    public static async Task<ApiResponse> ExpectActive(this Task<ApiResponse> answering)
    {
        var response = (await answering).Expect(200);
        Assert.True(response.Json.GetProperty("active").GetBoolean(), response.Body);
        ExpectUncached(response);
        return response;
    }

    /// <summary>The first entry of the access log that fits, which is written within a second or two.</summary>
    public static Task<JsonElement> LoggedAsync(this ApiClient admin, string filter) => FirstAsync(admin, $"/v1/access-log?{filter}");

    /// <summary>The first audit event that fits; signals and aggregates come within a second or two.</summary>
    public static Task<JsonElement> ToldAsync(this ApiClient admin, string filter) => FirstAsync(admin, $"/v1/audit?{filter}");

    private static async Task<JsonElement> FirstAsync(ApiClient admin, string path)
    {
        for (var deadline = DateTimeOffset.UtcNow.AddSeconds(20); ; await Task.Delay(100))
        {
            var page = await admin.GetAsync(path).Expect(200);
            if (page.Json.GetProperty("items").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } entry)
                return entry;
            Assert.True(DateTimeOffset.UtcNow < deadline, $"Nothing is at {path}.");
        }
    }

    public static void ExpectUncached(ApiResponse response)
    {
        Assert.Equal("no-store", response.Header("Cache-Control"));
        Assert.Equal("no-cache", response.Header("Pragma"));
    }

    public static string[] Members(ApiResponse response) => [.. response.Json.EnumerateObject().Select(member => member.Name)];

    /// <summary>The code of <c>/v1/verify</c>, whose <c>valid</c> must agree with it.</summary>
    public static async Task<string> VerifyAsync(this ApiClient caller, string token, string? api = null)
    {
        object body = api is null ? new { token } : new { token, api };
        var response = await caller.PostAsync("/v1/verify", body).Expect(200);
        var code = response.Text("code");
        Assert.Equal(code == "valid", response.Json.GetProperty("valid").GetBoolean());
        return code;
    }

    /// <summary>All but what is different in every answer.</summary>
    public static string Fingerprint(ApiResponse response) =>
        string.Join(
            '\n',
            response
                .Headers.Where(header => header.Key.ToUpperInvariant() is not ("DATE" or "X-REQUEST-ID"))
                .OrderBy(header => header.Key, StringComparer.Ordinal)
                .Select(header => $"{header.Key}: {string.Join(" | ", header.Value)}")
                .Prepend(response.Status.ToString())
                .Append(response.Body)
        );

    public static JsonElement Claims(string accessToken)
    {
        var payload = System.Buffers.Text.Base64Url.DecodeFromChars(accessToken.Split('.')[1]);
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.Clone();
    }

    public static JsonElement Header(string accessToken)
    {
        using var document = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(accessToken.Split('.')[0]));
        return document.RootElement.Clone();
    }
}
