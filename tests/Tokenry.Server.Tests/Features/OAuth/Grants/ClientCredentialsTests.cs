namespace Tokenry.Server.Tests.Features.OAuth.Grants;

/// <summary>RFC 6749 §4.4 with the resource of RFC 8707 and the token of RFC 9068.</summary>
public sealed class ClientCredentialsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_is_issued_with_exactly_what_was_asked(Engine engine)
    {
        var (client, _, made) = await ArrangeAsync(engine);
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var response = await client.TokenAsync(made.Client(), ("scope", "invoices:read"), ("resource", made.Api.Identifier)).Expect(200);

        Assert.Equal(["access_token", "token_type", "expires_in", "scope"], OAuthRequests.Members(response));
        Assert.Equal("application/json", response.Header("Content-Type"));
        OAuthRequests.ExpectUncached(response);
        Assert.Equal("Bearer", response.Text("token_type"));
        Assert.Equal(300, response.Json.GetProperty("expires_in").GetInt32());
        Assert.Equal("invoices:read", response.Text("scope"));

        var token = response.Text("access_token");
        var header = OAuthRequests.Header(token);
        Assert.Equal(["alg", "typ", "kid"], header.EnumerateObject().Select(member => member.Name));
        Assert.Equal("at+jwt", header.GetProperty("typ").GetString());
        Assert.Equal("ES256", header.GetProperty("alg").GetString());

        var claims = OAuthRequests.Claims(token);
        Assert.Equal(
            ["aud", "client_id", "credential_id", "exp", "iat", "iss", "jti", "scope", "sub"],
            claims.EnumerateObject().Select(member => member.Name).Order()
        );
        Assert.Equal(client.Address, claims.GetProperty("iss").GetString());
        Assert.Equal(made.Api.Identifier, claims.GetProperty("aud").GetString());
        Assert.Equal(made.Application.Id, claims.GetProperty("sub").GetString()); // RFC 9068 §2.2; a user's id never begins with app_
        Assert.Equal(made.Application.Id, claims.GetProperty("client_id").GetString());
        Assert.Equal(made.ClientSecret.Id, claims.GetProperty("credential_id").GetString());
        Assert.Equal("invoices:read", claims.GetProperty("scope").GetString());
        var issuedAt = claims.GetProperty("iat").GetInt64();
        Assert.InRange(issuedAt, before, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Equal(issuedAt + 300, claims.GetProperty("exp").GetInt64());
    }

    [Fact]
    public async Task Every_token_has_its_own_jti()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var tokens = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.AccessTokenAsync(made.Client())));
        Assert.Equal(50, tokens.Select(token => OAuthRequests.Claims(token).GetProperty("jti").GetString()).Distinct().Count());
    }

    [Theory]
    [InlineData(null, "invoices:read invoices:write")]
    [InlineData("", "invoices:read invoices:write")]
    [InlineData("invoices:write", "invoices:write")]
    [InlineData("invoices:write invoices:read", "invoices:read invoices:write")]
    [InlineData("invoices:read invoices:read", "invoices:read")]
    public async Task The_scope_granted_is_always_returned(string? asked, string granted)
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var response = await client.TokenAsync(made.Client(), asked is null ? [] : [("scope", asked)]).Expect(200);
        Assert.Equal(granted, response.Text("scope"));
        Assert.Equal(granted, OAuthRequests.Claims(response.Text("access_token")).GetProperty("scope").GetString());
    }

    [Theory]
    [InlineData("unheard:of")]
    [InlineData("invoices:read unheard:of")]
    [InlineData("invoices:delete")] // of the API, not of the role
    [InlineData("Invoices:read")]
    [InlineData("invoices:read  invoices:write")]
    [InlineData(" invoices:read")]
    [InlineData("invoices:read ")]
    [InlineData(" ")]
    [InlineData("invoices:read\tinvoices:write")]
    [InlineData("invoices:read\ninvoices:write")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("é")]
    public async Task An_unknown_excess_or_malformed_scope_is_invalid_scope(string scope)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var made = await Scenario
            .On(admin)
            .Api("invoices:read", "invoices:write", "invoices:delete")
            .Role("invoices:read", "invoices:write")
            .Application()
            .ClientSecret()
            .CreateAsync();
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        await client.TokenAsync(made.Client(), ("scope", scope)).ExpectOAuth(400, "invalid_scope");
    }

    [Fact]
    public async Task A_scope_of_a_million_characters_is_refused_at_once()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var scope = string.Concat(Enumerable.Repeat("a+", 30_000)) + "a";
        var response = await client.FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("scope", scope)], made.Client());
        Assert.True(response.Status is 400 or 413, $"{response.Status}");
    }

    [Fact]
    public async Task A_missing_grant_type_is_invalid_request()
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        await client.FormAsync("/oauth/token", [], made.Client()).ExpectOAuth(400, "invalid_request");
        await client.FormAsync("/oauth/token", [("grant_type", "")], made.Client()).ExpectOAuth(400, "invalid_request");
        await client.FormAsync("/oauth/token", [("Grant_Type", "client_credentials")], made.Client()).ExpectOAuth(400, "invalid_request");
    }

    [Theory]
    [InlineData("https://unregistered.example.com")]
    [InlineData("relative/path")]
    [InlineData("{api}#fragment")]
    [InlineData("{api}/x")]
    [InlineData("{api} ")]
    [InlineData("{name}")]
    [InlineData("urn:tokenry:management")]
    public async Task Only_a_registered_API_with_rights_is_a_target(string resource)
    {
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var named = resource
            .Replace("{api}", made.Api.Identifier, StringComparison.Ordinal)
            .Replace("{name}", new Uri(made.Api.Identifier).Host, StringComparison.Ordinal);
        await client.TokenAsync(made.Client(), ("resource", named)).ExpectOAuth(400, "invalid_target");
        await client.TokenAsync(made.Client(), ("audience", named)).ExpectOAuth(400, "invalid_target");
    }

    [Fact]
    public async Task Resource_and_audience_name_one_API()
    {
        var (client, admin, made) = await ArrangeAsync(Engine.Sqlite);
        var api = made.Api.Identifier;
        var other = (await admin.CreateApiAsync(["x"])).Identifier;
        await client.TokenAsync(made.Client(), ("resource", api)).Expect(200);
        await client.TokenAsync(made.Client(), ("audience", api)).Expect(200);
        await client.TokenAsync(made.Client(), ("resource", api), ("audience", api)).Expect(200);
        await client.TokenAsync(made.Client(), ("resource", api), ("audience", other)).ExpectOAuth(400, "invalid_target");
        await client.TokenAsync(made.Client(), ("resource", api), ("resource", other)).ExpectOAuth(400, "invalid_target");
        await client.TokenAsync(made.Client(), ("audience", api), ("audience", other)).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task Without_a_resource_it_is_the_only_API_where_the_client_has_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var client = await servers.AnonymousAsync(engine);
        var none = await Scenario.On(admin).Application().ClientSecret().CreateAsync();
        await client.TokenAsync(none.Client()).ExpectOAuth(400, "invalid_target");

        var one = await Scenario.On(admin).Api("a").Role().Api("b").Application().ClientSecret().CreateAsync();
        var token = await client.AccessTokenAsync(one.Client());
        Assert.Equal(one.Apis[0].Identifier, OAuthRequests.Claims(token).GetProperty("aud").GetString());
        await client.TokenAsync(one.Client(), ("resource", one.Apis[1].Identifier)).ExpectOAuth(400, "invalid_target");

        var two = await Scenario.On(admin).Api("a").Role().Api("b").Role().Application().ClientSecret().CreateAsync();
        await client.TokenAsync(two.Client()).ExpectOAuth(400, "invalid_target");
        foreach (var api in two.Apis)
        {
            var response = await client.TokenAsync(two.Client(), ("resource", api.Identifier)).Expect(200);
            Assert.Equal(api.Scopes[0], response.Text("scope")); // never a scope of the other API
        }
    }

    [Theory, BothEngines]
    public async Task An_API_that_takes_no_access_tokens_is_no_target(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { accepted_credentials = new[] { "api_key" } }, "a")
            .Role()
            .Application()
            .ClientSecret()
            .CreateAsync();
        var client = await servers.AnonymousAsync(engine);
        await client.TokenAsync(made.Client(), ("resource", made.Api.Identifier)).ExpectOAuth(400, "invalid_target");
        await client.TokenAsync(made.Client()).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task A_token_lives_as_long_as_its_API_says(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { access_token_lifetime_seconds = 30 }, "a")
            .Role()
            .Application()
            .ClientSecret()
            .CreateAsync();
        var response = await (await servers.AnonymousAsync(engine)).TokenAsync(made.Client()).Expect(200);
        Assert.Equal(30, response.Json.GetProperty("expires_in").GetInt32());
        var claims = OAuthRequests.Claims(response.Text("access_token"));
        Assert.Equal(30, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
    }

    /// <summary>Rights are those of the moment: a role that was edited or taken away counts at the next request.</summary>
    [Theory, BothEngines]
    public async Task The_next_token_follows_the_roles_of_now(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var narrowed = new { permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "invoices:read" } } } };
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", narrowed).Expect(200);
        Assert.Equal("invoices:read", (await client.TokenAsync(made.Client()).Expect(200)).Text("scope"));
        await client.TokenAsync(made.Client(), ("scope", "invoices:write")).ExpectOAuth(400, "invalid_scope");
        await admin.PatchAsync($"/v1/applications/{made.Application.Id}", new { roles = Array.Empty<string>() }).Expect(200);
        await client.TokenAsync(made.Client()).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task A_disabled_application_that_is_enabled_again_gets_tokens_again(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/disable").Expect(200);
        await client.TokenAsync(made.Client()).ExpectOAuth(401, "invalid_client");
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/enable").Expect(200);
        await client.TokenAsync(made.Client()).Expect(200);
    }

    private async Task<(ApiClient Anonymous, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ClientSecret().CreateAsync());
    }
}
