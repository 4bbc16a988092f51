namespace Tokenry.Server.Tests.Features.OAuth.Grants;

/// <summary>RFC 8693: the rows of exchange (security §3.3) and row 16 of the incidents.</summary>
public sealed class TokenExchangeTests(SharedServers servers)
{
    private const string Logto = "urn:logto:token-type:personal_access_token";
    private const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    [Theory]
    [BothEngines(Exchange.AccessToken)]
    [BothEngines(Exchange.PersonalAccessToken)]
    [BothEngines(Logto)]
    public async Task A_personal_access_token_becomes_a_short_token_that_says_who_acts(Engine engine, string type)
    {
        var exchange = await ArrangeAsync(engine);
        var issued = await exchange.SendAsync(exchange.Pat, ("subject_token_type", type), ("scope", "invoices:read")).Expect(200);
        Assert.Equal(["access_token", "issued_token_type", "token_type", "expires_in", "scope"], OAuthRequests.Members(issued));
        OAuthRequests.ExpectUncached(issued);
        Assert.Equal(Exchange.AccessToken, issued.Text("issued_token_type"));
        Assert.Equal("Bearer", issued.Text("token_type"));
        Assert.Equal("invoices:read", issued.Text("scope"));
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(exchange.UserId, claims.GetProperty("sub").GetString());
        Assert.Equal(exchange.Service.Id, claims.GetProperty("client_id").GetString());
        Assert.Equal(exchange.Made.PersonalAccessToken.Id, claims.GetProperty("credential_id").GetString());
        Assert.Equal($$"""{"sub":"{{exchange.Service.Id}}"}""", claims.GetProperty("act").GetRawText());
        Assert.Equal(300, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
    }

    [Theory, BothEngines]
    public async Task The_token_asked_for_is_the_one_that_is_named(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var jwt = await exchange.SendAsync(exchange.Pat, ("requested_token_type", Exchange.Jwt)).Expect(200);
        Assert.Equal(Exchange.Jwt, jwt.Text("issued_token_type"));
        var named = await exchange.SendAsync(exchange.Pat, ("requested_token_type", Exchange.AccessToken), ("resource", "")).Expect(200);
        Assert.Equal("invoices:read invoices:write", named.Text("scope")); // the only API there is to exchange for
        await exchange.SendAsync(exchange.Pat, ("audience", exchange.Api)).Expect(200);
        await exchange.SendAsync(exchange.Pat, ("audience", exchange.Api), ("resource", "")).Expect(200);
    }

    /// <summary>A key that opens an API by signed requests alone must not become a token by being shown.</summary>
    [Theory, BothEngines]
    public async Task A_key_that_must_sign_is_not_exchanged_bare(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var owner = (await admin.CreateApplicationAsync(exchange.Made.Roles.Select(role => role.Id))).Id;
        var optional = await admin.CreateApiKeyAsync(owner, new { request_signing = "optional" });
        var required = await admin.CreateApiKeyAsync(owner, new { request_signing = "required" });
        await exchange.SendAsync(optional.Secret).Expect(200);
        await exchange.SendAsync(required.Secret).ExpectOAuth(400, "invalid_request");
    }

    [Theory]
    [InlineData("subject_token", "")]
    [InlineData("subject_token_type", "")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")]
    [InlineData("subject_token_type", "access_token")]
    [InlineData("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")]
    [InlineData("requested_token_type", IdToken)]
    [InlineData("actor_token", "x")]
    [InlineData("actor_token_type", Exchange.AccessToken)]
    public async Task Row_16_what_is_missing_or_of_an_unknown_kind_is_invalid_request(string name, string value)
    {
        var exchange = await ArrangeAsync();
        await exchange.SendAsync(exchange.Pat, (name, value)).ExpectOAuth(400, "invalid_request");
    }

    [Fact]
    public async Task Row_16_a_subject_token_that_stands_twice_is_invalid_request_and_buys_nothing_of_the_clients_own()
    {
        var exchange = await ArrangeAsync();
        (string, string)[] form =
        [
            ("grant_type", Exchange.Grant),
            ("subject_token", exchange.Pat),
            ("subject_token", exchange.Pat),
            ("subject_token_type", Exchange.AccessToken),
            ("resource", exchange.Api),
        ];
        await exchange.Anonymous.FormAsync("/oauth/token", form, exchange.Service).ExpectOAuth(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task A_subject_token_that_is_not_good_is_invalid_request_and_never_invalid_grant(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var (admin, made) = (exchange.Admin, exchange.Made);
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync("junk"), "malformed");
        await exchange.ExpectNotAcceptableAsync(
            exchange.SendAsync("tkr_pat_" + exchange.Pat[8..^1] + (exchange.Pat[^1] == '0' ? '1' : '0')),
            "malformed"
        );
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync("eyJhbGciOiJub25lIn0.e30."), "malformed");
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(exchange.Service.Secret), "credential_kind_not_accepted");
        var pat = $"/v1/users/{exchange.UserId}/tokens/{made.PersonalAccessToken.Id}";
        await admin.PostAsync($"{pat}/disable").Expect(200);
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(exchange.Pat), "disabled");
        await admin.PostAsync($"{pat}/enable").Expect(200);
        await admin.PostAsync($"/v1/users/{exchange.UserId}/disable").Expect(200);
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(exchange.Pat), "owner_disabled");
        await admin.PostAsync($"/v1/users/{exchange.UserId}/enable").Expect(200);
        await exchange.TokenAsync(exchange.Pat);
        await admin.DeleteAsync(pat).Expect(204);
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(exchange.Pat), "revoked");
    }

    [Fact]
    public async Task A_token_of_another_kind_than_it_is_called_is_invalid_request()
    {
        var exchange = await ArrangeAsync();
        var anonymous = await exchange.Admin.CreateApiKeyAsync(exchange.Service.Id, new { anonymous = true });
        foreach (var type in new[] { Exchange.ApiKey, Exchange.Jwt, IdToken })
            await exchange.SendAsync(exchange.Pat, ("subject_token_type", type)).ExpectOAuth(400, "invalid_request");
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(anonymous.Secret), "credential_kind_not_accepted");
    }

    [Theory]
    [InlineData("https://unregistered.example.com")]
    [InlineData("relative/path")]
    [InlineData("{api}#fragment")]
    [InlineData("{api}/x")]
    [InlineData("urn:tokenry:management")]
    [InlineData("{other}")]
    public async Task Only_what_the_client_is_allowed_to_exchange_for_is_a_target(string resource)
    {
        var exchange = await ArrangeAsync();
        // The user may do everything there; the client is not allowed to exchange for it.
        var other = await exchange.Admin.CreateApiAsync(["invoices:read"]);
        var role = await exchange.Admin.CreateRoleAsync([new { api = other.Identifier, scopes = other.Scopes }]);
        await exchange
            .Admin.PatchAsync($"/v1/users/{exchange.UserId}", new { roles = new[] { exchange.Made.Role.Id, role.Id } })
            .Expect(200);
        var named = resource
            .Replace("{api}", exchange.Api, StringComparison.Ordinal)
            .Replace("{other}", other.Identifier, StringComparison.Ordinal);
        var refused = await exchange.SendAsync(exchange.Pat, ("resource", named)).ExpectOAuth(400, "invalid_target");
        var entry = await exchange.RefusalAsync(refused);
        Assert.Equal(
            ("token_exchange", "invalid_target"),
            (entry.GetProperty("door").GetString(), entry.GetProperty("result").GetString())
        );
        Assert.Equal(
            (exchange.UserId, exchange.Service.Id),
            (entry.GetProperty("subject").GetString(), entry.GetProperty("actor").GetString())
        );
        await exchange.SendAsync(exchange.Pat, ("audience", other.Identifier)).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task Without_a_permission_to_exchange_nothing_is_a_target(Engine engine)
    {
        var exchange = await Exchange.ArrangeAsync(await servers.AdminAsync(engine), service: _ => new { });
        await exchange.SendAsync(exchange.Pat).ExpectOAuth(400, "invalid_target");
        await exchange.SendAsync(exchange.Pat, ("resource", "")).ExpectOAuth(400, "invalid_target");
        // Rights of its own are no permission to act for others.
        var path = $"/v1/applications/{exchange.Service.Id}";
        await exchange.Admin.PatchAsync(path, new { roles = new[] { exchange.Made.Role.Id } }).Expect(200);
        await exchange.SendAsync(exchange.Pat).ExpectOAuth(400, "invalid_target");
        await exchange.Admin.PatchAsync(path, new { token_exchange_audiences = new[] { exchange.Api } }).Expect(200);
        await exchange.SendAsync(exchange.Pat).Expect(200);
        await exchange.Admin.PatchAsync(path, new { token_exchange_audiences = (string[]?)null }).Expect(200);
        await exchange.SendAsync(exchange.Pat).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task The_scope_is_within_the_credential_and_what_its_owner_may_do_now(Engine engine)
    {
        var exchange = await Exchange.ArrangeAsync(
            await servers.AdminAsync(engine),
            made => new { permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "invoices:read" } } } }
        );
        Assert.Equal("invoices:read", (await exchange.SendAsync(exchange.Pat).Expect(200)).Text("scope"));
        await exchange.SendAsync(exchange.Pat, ("scope", "invoices:write")).ExpectOAuth(400, "invalid_scope");
        await exchange.SendAsync(exchange.Pat, ("scope", "unheard:of")).ExpectOAuth(400, "invalid_scope");
        await exchange.SendAsync(exchange.Pat, ("scope", "a\"b")).ExpectOAuth(400, "invalid_scope");
        await exchange.Admin.PatchAsync($"/v1/users/{exchange.UserId}", new { roles = Array.Empty<string>() }).Expect(200);
        await exchange.SendAsync(exchange.Pat).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task The_token_ends_with_what_it_was_exchanged_for(Engine engine)
    {
        var end = DateTimeOffset.UtcNow.AddSeconds(60);
        var exchange = await Exchange.ArrangeAsync(await servers.AdminAsync(engine), _ => new { expires_at = end });
        var issued = await exchange.SendAsync(exchange.Pat).Expect(200);
        Assert.InRange(issued.Json.GetProperty("expires_in").GetInt32(), 1, 60);
        var first = issued.Text("access_token");
        Assert.True(OAuthRequests.Claims(first).GetProperty("exp").GetInt64() <= end.ToUnixTimeSeconds());
        var second = await exchange.TokenAsync(first);
        Assert.True(
            OAuthRequests.Claims(second).GetProperty("exp").GetInt64() <= OAuthRequests.Claims(first).GetProperty("exp").GetInt64()
        );
    }

    [Theory, BothEngines]
    public async Task Actors_are_nested_and_four_are_the_most(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var others = new[] { exchange.Service, await exchange.AnotherServiceAsync() };
        // An access token may be exchanged by whom it was made for: both serve the API.
        await exchange
            .Admin.PatchAsync($"/v1/api-resources/{exchange.Made.Api.Id}", new { resource_servers = others.Select(other => other.Id) })
            .Expect(200);
        var token = exchange.Pat;
        for (var i = 0; i < 4; i++)
            token = (await exchange.SendAsync(token, others[i % 2], []).Expect(200)).Text("access_token");
        var act = OAuthRequests.Claims(token).GetProperty("act");
        foreach (var i in new[] { 1, 0, 1, 0 })
        {
            Assert.Equal(others[i].Id, act.GetProperty("sub").GetString());
            act = act.TryGetProperty("act", out var earlier) ? earlier : default;
        }

        Assert.Equal(System.Text.Json.JsonValueKind.Undefined, act.ValueKind);
        Assert.Equal(exchange.UserId, OAuthRequests.Claims(token).GetProperty("sub").GetString());
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(token, others[0], []), "too_many_actors");
    }

    [Theory, BothEngines]
    public async Task An_access_token_is_exchanged_by_whom_it_was_made_for_alone(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var thief = await exchange.AnotherServiceAsync();
        var token = await exchange.TokenAsync(exchange.Pat, ("scope", "invoices:read"));
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(token, thief, []), "subject_token_of_another");
        var narrow = await exchange.SendAsync(token).Expect(200);
        Assert.Equal("invoices:read", narrow.Text("scope"));
        await exchange.SendAsync(token, ("scope", "invoices:write")).ExpectOAuth(400, "invalid_scope");
        await exchange
            .Admin.PatchAsync($"/v1/api-resources/{exchange.Made.Api.Id}", new { resource_servers = new[] { thief.Id } })
            .Expect(200);
        await exchange.SendAsync(token, thief, []).Expect(200);
    }

    /// <summary>The service behind the first API goes on to a second one in the name of whoever called it, as far as that caller's credential goes.</summary>
    [Theory, BothEngines]
    public async Task A_resource_server_goes_on_to_another_API_within_the_callers_credential(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var exchange = await Exchange.ArrangeAsync(admin, pat: _ => new { permissions = "owner" });
        var second = await admin.CreateApiAsync(["ledger:read", "ledger:write"]);
        var role = await admin.CreateRoleAsync([new { api = second.Identifier, scopes = new[] { "ledger:read" } }]);
        await admin.PatchAsync($"/v1/users/{exchange.UserId}", new { roles = new[] { exchange.Made.Role.Id, role.Id } }).Expect(200);
        var gateway = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { second.Identifier } });
        var gatewayClient = (gateway.Id, (await admin.CreateClientSecretAsync(gateway.Id)).Secret);
        await admin.PatchAsync($"/v1/api-resources/{exchange.Made.Api.Id}", new { resource_servers = new[] { gateway.Id } }).Expect(200);
        var token = await exchange.TokenAsync(exchange.Pat);
        var onward = await exchange.SendAsync(token, gatewayClient, [("resource", second.Identifier)]).Expect(200);
        Assert.Equal("ledger:read", onward.Text("scope"));
        // A credential for the first API alone goes no further.
        await admin
            .PatchAsync(
                $"/v1/users/{exchange.UserId}/tokens/{exchange.Made.PersonalAccessToken.Id}",
                new { permissions = new[] { new { api = exchange.Api, scopes = new[] { "invoices:read" } } } }
            )
            .Expect(200);
        await exchange.SendAsync(token, gatewayClient, [("resource", second.Identifier)]).ExpectOAuth(400, "invalid_target");
    }

    [Theory, BothEngines]
    public async Task An_API_key_of_the_application_alone_is_enough_for_itself_and_nobody_acts(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Role()
            .Application(m => new { token_exchange_audiences = new[] { m.Api.Identifier } })
            .ApiKey(m => new { permissions = new[] { new { api = m.Api.Identifier, scopes = new[] { "invoices:read" } } } })
            .CreateAsync();
        var exchange = new Exchange(admin, made);
        (string, string)[] form = [("client_id", made.Application.Id), ("subject_token_type", Exchange.ApiKey)];
        var issued = await exchange.SendAsync(made.ApiKey.Secret, null, form).Expect(200);
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(made.Application.Id, claims.GetProperty("sub").GetString());
        Assert.Equal(made.Application.Id, claims.GetProperty("client_id").GetString());
        Assert.Equal("invoices:read", claims.GetProperty("scope").GetString());
        Assert.False(claims.TryGetProperty("act", out _));

        // Somebody else's key proves nothing of this client, nor does a key of a client that says how it authenticates.
        var other = await Scenario.On(admin).ApiKey().CreateAsync();
        await exchange.SendAsync(other.ApiKey.Secret, null, form).ExpectOAuth(401, "invalid_client");
        await exchange.SendAsync("junk", null, form).ExpectOAuth(401, "invalid_client");
        var path = $"/v1/applications/{made.Application.Id}";
        await admin.PatchAsync(path, new { token_endpoint_auth_methods = new[] { "private_key_jwt" } }).Expect(200);
        await exchange.SendAsync(made.ApiKey.Secret, null, form).ExpectOAuth(401, "invalid_client");
        await admin.PatchAsync(path, new { token_endpoint_auth_methods = (string[]?)null }).Expect(200);
        await admin.PostAsync($"{path}/api-keys/{made.ApiKey.Id}/disable").Expect(200);
        await exchange.SendAsync(made.ApiKey.Secret, null, form).ExpectOAuth(400, "invalid_request");
    }

    [Fact]
    public async Task A_kind_that_the_API_does_not_take_gets_in_by_no_exchange()
    {
        var exchange = await Exchange.ArrangeAsync(
            await servers.AdminAsync(Engine.Sqlite),
            api: _ => new { accepted_credentials = new[] { "api_key", "access_token" } }
        );
        await exchange.SendAsync(exchange.Pat).ExpectOAuth(400, "invalid_target");
    }

    [Fact]
    public async Task What_is_limited_to_objects_stays_so_or_is_not_exchanged()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var blind = await Exchange.ArrangeAsync(
            admin,
            _ => new { objects = new[] { "repo:acme/*" } },
            _ => new { object_types = new[] { "repo" } }
        );
        await blind.SendAsync(blind.Pat).ExpectOAuth(400, "invalid_target");
        var seeing = await Exchange.ArrangeAsync(
            admin,
            _ => new { objects = new[] { "repo:acme/*" } },
            _ => new { object_types = new[] { "repo" }, objects_in_tokens = true }
        );
        var token = await seeing.TokenAsync(seeing.Pat);
        Assert.Equal("""["repo:acme/*"]""", OAuthRequests.Claims(token).GetProperty("objects").GetRawText());
        Assert.Equal("""["repo:acme/*"]""", OAuthRequests.Claims(await seeing.TokenAsync(token)).GetProperty("objects").GetRawText());
    }

    [Fact]
    public async Task An_address_that_the_credential_does_not_work_from_exchanges_nothing()
    {
        var exchange = await Exchange.ArrangeAsync(
            await servers.AdminAsync(Engine.Sqlite),
            _ => new { allowed_ips = new[] { "203.0.113.0/24" } }
        );
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(exchange.Pat), "ip_not_allowed");
    }

    [Fact]
    public async Task An_exchange_is_a_use_within_the_credentials_limits()
    {
        var exchange = await Exchange.ArrangeAsync(
            await servers.AdminAsync(Engine.Sqlite),
            _ => new
            {
                rate_limits = new[]
                {
                    new
                    {
                        name = "month",
                        limit = 2,
                        period = "month",
                    },
                },
            }
        );
        await exchange.SendAsync(exchange.Pat).Expect(200);
        await exchange.SendAsync(exchange.Pat).Expect(200);
        var refused = await exchange.SendAsync(exchange.Pat).ExpectOAuth(429, "temporarily_unavailable");
        Assert.NotNull(refused.Header("Retry-After"));
    }

    [Theory, BothEngines]
    public async Task The_log_names_subject_actor_grant_and_rung(Engine engine)
    {
        var exchange = await Exchange.ArrangeAsync(await servers.AdminAsync(engine), api: _ => new { access_log = "all" });
        var token = await exchange.TokenAsync(exchange.Pat);
        var entry = await exchange.Admin.LoggedAsync($"token={OAuthRequests.Claims(token).GetProperty("jti").GetString()}");
        Assert.Equal(exchange.UserId, entry.GetProperty("subject").GetString());
        Assert.Equal(exchange.Service.Id, entry.GetProperty("actor").GetString());
        Assert.Equal(exchange.Made.PersonalAccessToken.Id, entry.GetProperty("credential_id").GetString());
        Assert.Equal(Exchange.Grant, entry.GetProperty("grant_type").GetString());
        Assert.Equal("client_secret_basic", entry.GetProperty("auth_method").GetString());
        Assert.Equal("issued", entry.GetProperty("result").GetString());
    }

    private async Task<Exchange> ArrangeAsync(Engine engine = Engine.Sqlite) =>
        await Exchange.ArrangeAsync(await servers.AdminAsync(engine));
}
