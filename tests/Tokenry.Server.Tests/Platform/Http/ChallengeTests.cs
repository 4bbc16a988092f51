using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>RFC 6750 §3 at the management API (security §3.8).</summary>
public sealed class ChallengeTests(SharedServers servers)
{
    public const string Dpop = "DPoP algs=\"ES256 PS256 RS256\"";

    /// <summary>Where a credential was presented that is not good.</summary>
    /// <inheritdoc cref="Missing"/>
    public static string Refused(ApiClient client, string? api = null, string? scope = null) =>
        $"Bearer realm=\"tokenry\", error=\"invalid_token\", {About(client, api, scope)}, {Dpop}";

    /// <summary>Where none was presented: no error, what scope is needed, and where to read the rest (RFC 9728 §5.1).</summary>
    /// <param name="client">Of the server.</param>
    /// <param name="api">The API resource behind a door; left out, Tokenry's own API.</param>
    /// <param name="scope">What the route or place needs; left out, nothing.</param>
    public static string Missing(ApiClient client, string? api = null, string? scope = null) =>
        $"Bearer realm=\"tokenry\", {About(client, api, scope)}, {Dpop}";

    /// <summary>Where too little was presented.</summary>
    /// <inheritdoc cref="Missing"/>
    public static string Insufficient(ApiClient client, string scope, string? api = null) =>
        $"Bearer realm=\"tokenry\", error=\"insufficient_scope\", {About(client, api, scope)}";

    public static string About(ApiClient client, string? api, string? scope) =>
        $"{(scope is null ? "" : $"scope=\"{scope}\", ")}resource_metadata=\"{client.Address}/.well-known/oauth-protected-resource{(api is null ? "" : "/" + api)}\"";

    [Theory, BothEngines]
    public async Task Without_a_credential_the_challenge_has_no_error(Engine engine)
    {
        var client = await servers.AnonymousAsync(engine);
        var response = await client.GetAsync("/v1/me").Expect(401, "credential_missing");
        Assert.Equal(Missing(client), response.Header("WWW-Authenticate"));
        Assert.Equal("no-store", response.Header("Cache-Control"));
    }

    /// <summary>Why a credential is refused goes to the audit; the caller sees one answer.</summary>
    [Theory, BothEngines]
    public async Task Every_refused_credential_is_the_same_invalid_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario
            .On(admin)
            .ApiKey()
            .ApiKey()
            .ApiKey(_ => new { not_before = DateTimeOffset.UtcNow.AddHours(1) })
            .ApiKey(_ => new { allowed_ips = new[] { "192.0.2.0/24" } })
            .ClientSecret()
            .PersonalAccessToken()
            .CreateAsync();
        var keys = $"/v1/applications/{made.Application.Id}/api-keys";
        await admin.DeleteAsync($"{keys}/{made.ApiKeys[0].Id}").Expect(204);
        await admin.PostAsync($"{keys}/{made.ApiKeys[1].Id}/disable").Expect(200);
        await admin.PostAsync($"/v1/users/{made.User.Id}/disable").Expect(200);
        string[] refused =
        [
            "junk",
            "tkr_pat_00000000000000000000000000000000000000000000000000000000000000000000000",
            made.ApiKeys[0].Secret,
            made.ApiKeys[1].Secret,
            made.ApiKeys[2].Secret,
            made.ApiKeys[3].Secret,
            made.ClientSecret.Secret,
            made.PersonalAccessToken.Secret,
            await anonymous.AccessTokenAsync(made.Client()), // for another API
        ];
        foreach (var credential in refused)
        {
            var response = await anonymous.With(credential).GetAsync("/v1/me").Expect(401, "invalid_token");
            Assert.Equal(Refused(anonymous), response.Header("WWW-Authenticate"));
            Assert.DoesNotContain(credential, response.Body, StringComparison.Ordinal);
            var fixedBody = response.Body.Replace(response.Text("request_id"), "", StringComparison.Ordinal);
            var expected = await anonymous.With("junk").GetAsync("/v1/me");
            Assert.Equal(expected.Body.Replace(expected.Text("request_id"), "", StringComparison.Ordinal), fixedBody);
        }
    }

    [Theory, BothEngines]
    public async Task A_missing_scope_is_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "users:read" } } };
        var made = await Scenario.On(admin).ManagementRole("users:read").User().PersonalAccessToken(_ => new { permissions }).CreateAsync();
        var reader = admin.With(made.PersonalAccessToken.Secret);
        await reader.GetAsync("/v1/users").Expect(200);
        var refused = await reader.GetAsync("/v1/audit").Expect(403, "insufficient_scope");
        Assert.Equal(Insufficient(admin, "audit:read"), refused.Header("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    [InlineData("token")]
    [InlineData("Token")]
    public async Task The_scheme_has_no_case(string scheme)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var headers = new Dictionary<string, string> { ["Authorization"] = $"{scheme} {admin.Bearer}" };
        await admin.With(null).GetAsync("/v1/me", headers: headers).Expect(200);
    }

    [Theory]
    [InlineData("Basic {0}")]
    [InlineData("Digest {0}")]
    [InlineData("{0}")]
    [InlineData("Bearer")]
    [InlineData("Bearer {0}, Bearer {0}")]
    [InlineData("Bearer {0};x")]
    public async Task Anything_else_in_the_header_is_a_credential_that_is_not_good(string format)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var headers = new Dictionary<string, string> { ["Authorization"] = string.Format(format, admin.Bearer) };
        await admin.With(null).GetAsync("/v1/me", headers: headers).Expect(401, "invalid_token");
    }

    /// <summary>A credential in a URL is in every log on the way: never honoured, and refused rather than ignored (RFC 9700 §4.3.2).</summary>
    [Theory]
    [InlineData("access_token")]
    [InlineData("api_key")]
    public async Task A_credential_in_the_query_is_400(string parameter)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        foreach (var client in new[] { admin, admin.With(null) })
        {
            var response = await client.GetAsync($"/v1/me?{parameter}={admin.Bearer}").Expect(400, "invalid_request");
            Assert.Equal("Bearer realm=\"tokenry\", error=\"invalid_request\"", response.Header("WWW-Authenticate"));
            Assert.DoesNotContain(admin.Bearer!, response.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_credential_in_a_form_is_never_honoured()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        await admin.With(null).FormAsync("/v1/verify", [("access_token", admin.Bearer!), ("token", "x")]).Expect(415);
    }
}
