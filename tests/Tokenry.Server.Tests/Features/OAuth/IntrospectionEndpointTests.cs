using System.Text;
using Tokenry.Server.Tests.Platform.Http;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>RFC 7662: who may ask, and what an answer holds. Who sees which token: <see cref="IntrospectionVisibilityTests"/>.</summary>
public sealed class IntrospectionEndpointTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Nobody_introspects_without_authentication(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        var nobody = await anonymous.IntrospectAsync(token).ExpectOAuth(401, "invalid_client");
        Assert.Equal(OAuthRequests.BasicChallenge, nobody.Header("WWW-Authenticate"));
        await anonymous.IntrospectAsync(token, (made.Application.Id, "wrong")).ExpectOAuth(401, "invalid_client");

        foreach (var bearer in new[] { "junk", admin.Bearer![..^1], made.ClientSecret.Secret, token })
        {
            var refused = await anonymous.With(bearer).IntrospectAsync(token).ExpectOAuth(401, "invalid_client");
            Assert.Equal(
                $"Bearer realm=\"tokenry\", error=\"invalid_token\", {ChallengeTests.About(anonymous, null, "introspect")}",
                refused.Header("WWW-Authenticate")
            );
        }
    }

    [Theory, BothEngines]
    public async Task A_bearer_needs_the_scope_introspect(Engine engine)
    {
        var (anonymous, _, made) = await ArrangeAsync(engine);
        var server = await servers.GetAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client());
        await (await server.AdminAsync("introspect")).IntrospectAsync(token).ExpectActive();
        var verifier = await server.AdminAsync("verify");
        var refused = await verifier.IntrospectAsync(token).ExpectOAuth(403, "insufficient_scope");
        Assert.Equal(ChallengeTests.Insufficient(anonymous, "introspect"), refused.Header("WWW-Authenticate"));
        var withKey = new Dictionary<string, string> { ["X-API-Key"] = verifier.Bearer! };
        await anonymous.FormAsync("/oauth/introspect", [("token", token)], headers: withKey).ExpectOAuth(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task An_access_token_is_described_without_itself(Engine engine)
    {
        var (anonymous, admin, made) = await ArrangeAsync(engine);
        var token = await anonymous.AccessTokenAsync(made.Client(), ("scope", "invoices:read"));
        var claims = OAuthRequests.Claims(token);
        var active = await admin.IntrospectAsync(token).ExpectActive();
        Assert.Equal(
            ["active", "iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti", "token_type", "credential_kind"],
            OAuthRequests.Members(active)
        );
        foreach (var same in new[] { "iss", "sub", "client_id", "aud", "scope", "iat", "exp", "jti" })
            Assert.Equal(claims.GetProperty(same).ToString(), active.Json.GetProperty(same).ToString());
        Assert.Equal("Bearer", active.Text("token_type"));
        Assert.Equal("access_token", active.Text("credential_kind"));
        Assert.DoesNotContain(token, active.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('.')[2], active.Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task API_keys_and_personal_access_tokens_have_the_same_shape(Engine engine)
    {
        var (anonymous, admin, _) = await ArrangeAsync(engine);
        var made = await Scenario.On(admin).ApiKey().PersonalAccessToken().CreateAsync();
        var key = await admin.IntrospectAsync(made.ApiKey.Secret).ExpectActive();
        Assert.Equal(
            ["active", "iss", "sub", "client_id", "aud", "scope", "iat", "jti", "token_type", "credential_kind"],
            OAuthRequests.Members(key)
        );
        Assert.Equal(made.Application.Id, key.Text("client_id"));
        Assert.Equal(made.ApiKey.Id, key.Text("jti"));
        Assert.Equal(made.Api.Identifier, key.Text("aud"));
        Assert.Equal("api_key", key.Text("credential_kind"));

        var pat = await admin.IntrospectAsync(made.PersonalAccessToken.Secret).ExpectActive();
        Assert.Equal(made.User.Id, pat.Text("sub"));
        Assert.DoesNotContain("client_id", OAuthRequests.Members(pat));
        Assert.Equal("personal_access_token", pat.Text("credential_kind"));
        Assert.Equal("invoices:read invoices:write", pat.Text("scope"));
        Assert.DoesNotContain(made.User.Email, pat.Body, StringComparison.Ordinal);
        Assert.Equal(anonymous.Address, pat.Text("iss"));
    }

    [Fact]
    public async Task A_missing_token_is_invalid_request()
    {
        var (anonymous, admin, made) = await ArrangeAsync(Engine.Sqlite);
        await admin.FormAsync("/oauth/introspect", []).ExpectOAuth(400, "invalid_request");
        await admin.FormAsync("/oauth/introspect", [("token", "")]).ExpectOAuth(400, "invalid_request");
        await anonymous
            .FormAsync("/oauth/introspect", [("token_type_hint", "access_token")], made.Client())
            .ExpectOAuth(400, "invalid_request");
    }

    public static TheoryData<string> Junk =>
        [
            "x",
            " ",
            "eyJ",
            "...",
            "a.b.c",
            "tkr_key_",
            "tkr_pat_00000000000000000000000000000000000000000000000000000000000000000000000",
            "Bearer x",
            "é🔑",
            "\"\\\r\n",
            "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c",
            new string('.', 9_000),
            "eyJ" + new string('a', 60_000),
        ];

    [Theory, MemberData(nameof(Junk))]
    public async Task Junk_is_inactive(string token)
    {
        var (anonymous, admin, made) = await ArrangeAsync(Engine.Sqlite);
        await admin.IntrospectAsync(token).ExpectInactive();
        await anonymous.IntrospectAsync(token, made.Client()).ExpectInactive();
    }

    [Fact]
    public async Task A_megabyte_of_junk_is_too_large_before_it_is_parsed()
    {
        var (_, admin, _) = await ArrangeAsync(Engine.Sqlite);
        using var content = new StringContent("token=" + new string('a', 1_000_000), Encoding.UTF8, "application/x-www-form-urlencoded");
        try
        {
            await admin.PostAsync("/oauth/introspect", content).Expect(413);
        }
        catch (HttpRequestException)
        {
            // The server may close while the client still writes; what matters is that it lives.
        }
        await admin.IntrospectAsync("x").ExpectInactive();
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("unheard_of")]
    public async Task The_hint_changes_nothing(string hint)
    {
        var (anonymous, admin, made) = await ArrangeAsync(Engine.Sqlite);
        var token = await anonymous.AccessTokenAsync(made.Client());
        var plain = await admin.IntrospectAsync(token).ExpectActive();
        var hinted = await admin.FormAsync("/oauth/introspect", [("token", token), ("token_type_hint", hint)]).ExpectActive();
        Assert.Equal(plain.Body, hinted.Body);
        await admin.FormAsync("/oauth/introspect", [("token", "x"), ("token_type_hint", hint)]).ExpectInactive();
    }

    [Theory, BothEngines]
    public async Task What_is_revoked_expired_disabled_or_ownerless_is_inactive(Engine engine)
    {
        var (_, admin, _) = await ArrangeAsync(engine);
        var now = DateTimeOffset.UtcNow;
        var made = await Scenario.On(admin).ApiKey().ApiKey(_ => new { not_before = now.AddHours(1) }).PersonalAccessToken().CreateAsync();
        var keys = $"/v1/applications/{made.Application.Id}/api-keys";
        var key = made.ApiKeys[0];
        var ending = await SoonOver.MakeAsync(end => admin.CreateApiKeyAsync(made.Application.Id, new { expires_at = end }));
        await admin.IntrospectAsync(made.ApiKeys[1].Secret).ExpectInactive();

        await admin.IntrospectAsync(key.Secret).ExpectActive();
        await admin.PostAsync($"{keys}/{key.Id}/disable").Expect(200);
        await admin.IntrospectAsync(key.Secret).ExpectInactive();
        await admin.PostAsync($"{keys}/{key.Id}/enable").Expect(200);
        await admin.IntrospectAsync(key.Secret).ExpectActive();
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/disable").Expect(200);
        await admin.IntrospectAsync(key.Secret).ExpectInactive();
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/enable").Expect(200);
        await admin.IntrospectAsync(key.Secret).ExpectActive();
        await admin.DeleteAsync($"{keys}/{key.Id}").Expect(204);
        await admin.IntrospectAsync(key.Secret).ExpectInactive();

        await admin.IntrospectAsync(made.PersonalAccessToken.Secret).ExpectActive();
        await admin.PostAsync($"/v1/users/{made.User.Id}/disable").Expect(200);
        await admin.IntrospectAsync(made.PersonalAccessToken.Secret).ExpectInactive();

        await EventuallyAsync(async () => !(await admin.IntrospectAsync(ending.Secret)).Json.GetProperty("active").GetBoolean(), "expired");
        await admin.IntrospectAsync(ending.Secret).ExpectInactive();
    }

    /// <summary>A client secret buys tokens and is none.</summary>
    [Fact]
    public async Task A_client_secret_is_inactive()
    {
        var (anonymous, admin, made) = await ArrangeAsync(Engine.Sqlite);
        await admin.IntrospectAsync(made.ClientSecret.Secret).ExpectInactive();
        await anonymous.IntrospectAsync(made.ClientSecret.Secret, made.Client()).ExpectInactive();
    }

    private async Task<(ApiClient Anonymous, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ClientSecret().CreateAsync());
    }
}
