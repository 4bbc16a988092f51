using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Core.Access;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>private_key_jwt (RFC 7523 §2.2) at the endpoints, row by row of security §3.2.</summary>
public sealed class PrivateKeyJwtTests(SharedServers servers)
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory]
    [BothEngines("ES256")]
    [BothEngines("ES384")]
    [BothEngines("RS256")]
    [BothEngines("PS256")]
    public async Task An_assertion_buys_a_token_that_names_the_key(Engine engine, string algorithm)
    {
        using var key = ClientKey.Make(algorithm);
        var (client, _, made, registered) = await ArrangeAsync(engine, key);
        var issued = await TokenAsync(client, key.Assertion(made.Application.Id, client.Address)).Expect(200);
        Assert.Equal("Bearer", issued.Text("token_type"));
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(made.Application.Id, claims.GetProperty("sub").GetString());
        Assert.Equal(registered.Text("id"), claims.GetProperty("credential_id").GetString());
    }

    [Theory, BothEngines]
    public async Task It_authenticates_at_every_form_endpoint(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, _, made, _) = await ArrangeAsync(engine, key);
        string Fresh() => key.Assertion(made.Application.Id, client.Address);
        var token = (await TokenAsync(client, Fresh()).Expect(200)).Text("access_token");
        await client.FormAsync("/oauth/introspect", Form(Fresh(), ("token", token))).ExpectActive();
        await client.FormAsync("/oauth/revoke", Form(Fresh(), ("token", token))).Expect(200);
        await client.FormAsync("/oauth/introspect", Form(Fresh(), ("token", token))).ExpectInactive();
    }

    public static TheoryData<string, string> Refused() =>
        new()
        {
            { "iss is another's", """{"iss":"app_0000000000000000000001"}""" },
            { "sub is another's", """{"sub":"app_0000000000000000000001"}""" },
            { "aud is an array of two", """{"aud":["$issuer","https://evil.example.com"]}""" },
            { "aud is an empty array", """{"aud":[]}""" },
            { "exp is two hours ahead", """{"exp":$now+7200}""" },
            { "aud has a closing slash", """{"aud":"$issuer/"}""" },
            { "aud is absent", """{"aud":null}""" },
            { "aud is a number", """{"aud":7}""" },
            { "exp is absent", """{"exp":null}""" },
            { "exp is past", """{"exp":$now-61}""" },
            { "exp is text", """{"exp":"$now"}""" },
            { "nbf is 70 seconds ahead", """{"nbf":$now+70}""" },
            { "jti is absent", """{"jti":null}""" },
            { "jti is too long", $$"""{"jti":"{{new string('j', 257)}}"}""" },
            { "typ is an access token's", """{"typ":"at+jwt"}""" },
            { "typ is a proof's", """{"typ":"dpop+jwt"}""" },
            { "alg is none", """{"alg":"none"}""" },
            { "alg is another of the family", """{"alg":"ES384"}""" },
            { "alg is symmetric", """{"alg":"HS256"}""" },
            { "kid is unknown", """{"kid":"another"}""" },
            { "kid is no text", """{"kid":7}""" },
            { "crit is there", """{"crit":["x"],"x":1}""" },
            { "jku is there", """{"jku":"https://evil.example.com/jwks"}""" },
        };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_is_wrong_in_an_assertion_is_one_401(string why, string change)
    {
        using var key = ClientKey.Make();
        var (client, _, made, _) = await ArrangeAsync(Engine.Sqlite, key);
        var expected = await client.TokenAsync((made.Application.Id, "wrong")).ExpectOAuth(401, "invalid_client");
        var refused = await TokenAsync(client, key.Assertion(made.Application.Id, client.Address, Changed(change, client.Address)));
        Assert.Equal((why, OAuthRequests.Fingerprint(expected)), (why, OAuthRequests.Fingerprint(refused)));
        await TokenAsync(client, key.Assertion(made.Application.Id, client.Address)).Expect(200);
    }

    [Theory]
    [InlineData("exp 30 seconds past", """{"exp":$now-30}""")]
    [InlineData("nbf 8 seconds ahead", """{"nbf":$now+8}""")]
    [InlineData("no kid, one key", """{"kid":null}""")]
    [InlineData("aud an array of one", """{"aud":["$issuer"]}""")]
    [InlineData("times with fractions", """{"exp":$now+60.5,"iat":$now-0.25,"nbf":$now-0.125}""")]
    [InlineData("unknown claims", """{"x":{"y":1}}""")]
    [InlineData("typ with application/", """{"typ":"application/client-authentication+jwt"}""")]
    public async Task What_clocks_and_libraries_differ_in_is_taken(string why, string change)
    {
        using var key = ClientKey.Make();
        var (client, _, made, _) = await ArrangeAsync(Engine.Sqlite, key);
        var answer = await TokenAsync(client, key.Assertion(made.Application.Id, client.Address, Changed(change, client.Address)));
        Assert.Equal((why, 200), (why, answer.Status));
    }

    /// <summary>
    /// B.7: Authlib's and others' defaults need one switch per application, and the refusal names it to who holds the key, and to nobody else.
    /// </summary>
    [Theory]
    [BothEngines("typ", """{"typ":"JWT"}""")]
    [BothEngines("typ", """{"typ":null}""")]
    [BothEngines("aud", """{"aud":"$issuer/oauth/token"}""")]
    [BothEngines("aud", """{"aud":["$issuer","$issuer/oauth/token"]}""")]
    [BothEngines("exp", """{"exp":$now+3600}""")]
    [BothEngines("typ", """{"typ":"JWT","aud":"$issuer/oauth/token","exp":$now+3600}""")] // Authlib's
    public async Task B7_what_libraries_send_needs_one_switch_that_the_refusal_names(Engine engine, string member, string change)
    {
        using var key = ClientKey.Make();
        using var stranger = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var app = made.Application.Id;
        string Sent(ClientKey by) =>
            by.Assertion(
                app,
                client.Address,
                (header, claims) =>
                {
                    Changed(change, client.Address)(header, claims);
                    header["kid"] = key.Thumbprint;
                }
            );
        var refused = await TokenAsync(client, Sent(key)).ExpectOAuth(401, "invalid_client");
        Assert.Contains($"the {member} of the assertion", refused.Text("error_description"), StringComparison.Ordinal);
        Assert.Contains("set assertions to compatible", refused.Text("error_description"), StringComparison.Ordinal);
        var nobody = await TokenAsync(client, Sent(stranger)).ExpectOAuth(401, "invalid_client");
        Assert.DoesNotContain("compatible", nobody.Body, StringComparison.Ordinal);

        var patched = await admin.PatchAsync($"/v1/applications/{app}", new { assertions = "compatible" }).Expect(200);
        Assert.Equal("compatible", patched.Text("assertions"));
        var assertion = Sent(key);
        await TokenAsync(client, assertion).Expect(200);
        await TokenAsync(client, assertion).ExpectOAuth(401, "invalid_client"); // still once
        await TokenAsync(client, Sent(stranger)).ExpectOAuth(401, "invalid_client");
        await admin.PatchAsync($"/v1/applications/{app}", """{"assertions":null}""").Expect(200);
        await TokenAsync(client, Sent(key)).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task B7_assertions_are_strict_unless_said_otherwise(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        Assert.Equal("strict", application.Response.Text("assertions"));
        var compatible = await admin.CreateApplicationAsync([], new { assertions = "compatible" });
        Assert.Equal("compatible", (await admin.GetAsync($"/v1/applications/{compatible.Id}").Expect(200)).Text("assertions"));
        await admin.PatchAsync($"/v1/applications/{compatible.Id}", new { name = "x" }).Expect(200);
        Assert.Equal("compatible", (await admin.GetAsync($"/v1/applications/{compatible.Id}").Expect(200)).Text("assertions"));
        foreach (var wrong in new[] { "loose", "", "Compatible" })
            await admin.PatchAsync($"/v1/applications/{application.Id}", new { assertions = wrong }).ExpectFaultAsync("assertions");
    }

    [Fact]
    public async Task A_signature_of_another_key_is_refused()
    {
        using var key = ClientKey.Make();
        using var stranger = ClientKey.Make();
        var (client, _, made, _) = await ArrangeAsync(Engine.Sqlite, key);
        var assertion = stranger.Assertion(made.Application.Id, client.Address, (header, _) => header["kid"] = key.Thumbprint);
        await TokenAsync(client, assertion).ExpectOAuth(401, "invalid_client");
        var good = key.Assertion(made.Application.Id, client.Address).Split('.');
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(good[1]))!.AsObject();
        claims["exp"] = (long)claims["exp"]! + 60;
        var changed = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        await TokenAsync(client, $"{good[0]}.{changed}.{good[2]}").ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task The_client_id_beside_it_must_be_the_same(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var other = await Scenario.On(admin).Application().CreateAsync();
        var app = made.Application.Id;
        await TokenAsync(client, key.Assertion(app, client.Address), ("client_id", app)).Expect(200);
        await TokenAsync(client, key.Assertion(app, client.Address), ("client_id", other.Application.Id))
            .ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task Two_ways_at_once_and_types_that_do_not_fit_are_400(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var app = made.Application.Id;
        var secret = await admin.CreateClientSecretAsync(app);
        string Fresh() => key.Assertion(app, client.Address);
        await client.FormAsync("/oauth/token", Form(Fresh()), (app, secret.Secret)).ExpectOAuth(400, "invalid_request");
        await TokenAsync(client, Fresh(), ("client_id", app), ("client_secret", secret.Secret)).ExpectOAuth(400, "invalid_request");
        (string, string)[] grant = [("grant_type", "client_credentials")];
        await client.FormAsync("/oauth/token", [.. grant, ("client_assertion", Fresh())]).ExpectOAuth(400, "invalid_request");
        await client.FormAsync("/oauth/token", [.. grant, ("client_assertion_type", Type)]).ExpectOAuth(400, "invalid_request");
        var saml = Type.Replace("jwt-bearer", "saml2-bearer", StringComparison.Ordinal);
        await client
            .FormAsync("/oauth/token", [.. grant, ("client_assertion", Fresh()), ("client_assertion_type", saml)])
            .ExpectOAuth(400, "invalid_request");
    }

    /// <summary>CVE-2026-16093: what counts is the method that authenticated.</summary>
    [Theory, BothEngines]
    public async Task A_client_registered_for_one_method_uses_no_other(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var app = made.Application.Id;
        var secret = await admin.CreateClientSecretAsync(app);
        await client.TokenAsync((app, secret.Secret)).Expect(200);
        await SetMethodsAsync("private_key_jwt");
        await client.TokenAsync((app, secret.Secret)).ExpectOAuth(401, "invalid_client");
        await TokenAsync(client, key.Assertion(app, client.Address)).Expect(200);
        await SetMethodsAsync("client_secret_basic");
        await client.TokenAsync((app, secret.Secret)).Expect(200);
        await client
            .FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", app), ("client_secret", secret.Secret)])
            .ExpectOAuth(401, "invalid_client");
        await TokenAsync(client, key.Assertion(app, client.Address)).ExpectOAuth(401, "invalid_client");

        Task SetMethodsAsync(string method) =>
            admin.PatchAsync($"/v1/applications/{app}", new { token_endpoint_auth_methods = new[] { method } }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Older_types_are_taken_of_clients_that_are_set_so(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var app = made.Application.Id;
        await admin.PatchAsync($"/v1/applications/{app}", new { accepts_untyped_assertions = true }).Expect(200);
        foreach (var type in new[] { null, "JWT", "jwt", "client-authentication+jwt" })
            await TokenAsync(client, Typed(type)).Expect(200);
        foreach (var type in new[] { "at+jwt", "dpop+jwt", "", "text" })
            await TokenAsync(client, Typed(type)).ExpectOAuth(401, "invalid_client");

        string Typed(string? type) =>
            key.Assertion(
                app,
                client.Address,
                (header, _) =>
                {
                    if (type is null)
                        header.Remove("typ");
                    else
                        header["typ"] = type;
                }
            );
    }

    [Theory, BothEngines]
    public async Task Several_keys_overlap_and_each_ends_by_itself(Engine engine)
    {
        using var first = ClientKey.Make();
        using var second = ClientKey.Make();
        var (client, admin, made, registered) = await ArrangeAsync(engine, first);
        var app = made.Application.Id;
        var other = await admin.CreatePublicKeyAsync(app, second);
        var keys = $"/v1/applications/{app}/public-keys";
        await TokenAsync(client, first.Assertion(app, client.Address)).Expect(200);
        await TokenAsync(client, second.Assertion(app, client.Address)).Expect(200);
        // With two keys an assertion must name its own.
        await TokenAsync(client, first.Assertion(app, client.Address, (header, _) => header.Remove("kid")))
            .ExpectOAuth(401, "invalid_client");
        await admin.PostAsync($"{keys}/{registered.Text("id")}/disable").Expect(200);
        await TokenAsync(client, first.Assertion(app, client.Address)).ExpectOAuth(401, "invalid_client");
        await admin.PostAsync($"{keys}/{registered.Text("id")}/enable").Expect(200);
        await TokenAsync(client, first.Assertion(app, client.Address)).Expect(200);
        await admin.DeleteAsync($"{keys}/{registered.Text("id")}").Expect(204);
        await TokenAsync(client, first.Assertion(app, client.Address)).ExpectOAuth(401, "invalid_client");
        await TokenAsync(client, second.Assertion(app, client.Address, (header, _) => header.Remove("kid"))).Expect(200);
        await admin.PatchAsync($"{keys}/{other.Text("id")}", new { allowed_ips = new[] { "192.0.2.0/24" } }).Expect(200);
        await TokenAsync(client, second.Assertion(app, client.Address)).ExpectOAuth(401, "invalid_client");
    }

    /// <summary>mosip #2418, thunderid #4673 (security §2 row 12).</summary>
    [Theory, BothEngines]
    public async Task An_assertion_is_good_once_at_any_endpoint(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, _) = await ArrangeAsync(engine, key);
        var assertion = key.Assertion(made.Application.Id, client.Address);
        await TokenAsync(client, assertion).Expect(200);
        await TokenAsync(client, assertion).ExpectOAuth(401, "invalid_client");
        await client.FormAsync("/oauth/introspect", Form(assertion, ("token", "x"))).ExpectOAuth(401, "invalid_client");
        // An attempt that fails for another reason uses nothing up.
        var early = key.Assertion(made.Application.Id, client.Address);
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/disable").Expect(200);
        await TokenAsync(client, early).ExpectOAuth(401, "invalid_client");
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/enable").Expect(200);
        await TokenAsync(client, early).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Of_64_parallel_uses_of_one_assertion_exactly_one_wins(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, _, made, _) = await ArrangeAsync(engine, key);
        for (var round = 0; round < 5; round++)
        {
            var assertion = key.Assertion(made.Application.Id, client.Address);
            var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => TokenAsync(client, assertion)));
            Assert.Single(answers, answer => answer.Status == 200);
            Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Contains(answer.Status, new[] { 401, 429 }));
        }
    }

    [Theory, BothEngines]
    public async Task The_audit_names_the_key_and_the_reason_and_the_answer_neither(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, registered) = await ArrangeAsync(engine, key);
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { access_log = "all" }).Expect(200);
        var assertion = key.Assertion(made.Application.Id, client.Address);
        await TokenAsync(client, assertion).Expect(200);
        var replayed = await TokenAsync(client, assertion).ExpectOAuth(401, "invalid_client");
        Assert.DoesNotContain("replay", replayed.Body, StringComparison.Ordinal);
        var credential = registered.Text("id");
        var issued = await admin.LoggedAsync($"credential={credential}&result=issued");
        Assert.Equal("private_key_jwt", issued.GetProperty("auth_method").GetString());
        Assert.Equal(made.Application.Id, issued.GetProperty("subject").GetString());
        await admin.LoggedAsync($"credential={credential}&result=proof_replayed");
    }

    [Theory, BothEngines]
    public async Task Stepping_down_is_for_the_audit_and_so_is_a_replay(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made, registered) = await ArrangeAsync(engine, key);
        var app = made.Application.Id;
        var secret = await admin.CreateClientSecretAsync(app);
        string[] methods = ["private_key_jwt", "client_secret_basic"];
        await admin.PatchAsync($"/v1/applications/{app}", new { token_endpoint_auth_methods = methods }).Expect(200);
        var assertion = key.Assertion(app, client.Address);
        await TokenAsync(client, assertion).Expect(200);
        await TokenAsync(client, assertion).ExpectOAuth(401, "invalid_client");
        await client.TokenAsync((app, secret.Secret)).Expect(200);
        var told = await admin.ToldAsync($"actor={app}&action=signal.stepped_down");
        Assert.Equal("client_secret_basic was used, private_key_jwt is preferred", told.GetProperty("reason").GetString());
        Assert.Equal(secret.Id, told.GetProperty("credential_id").GetString());
        var replay = await admin.ToldAsync($"actor={app}&action=signal.replay");
        Assert.Equal(registered.Text("id"), replay.GetProperty("credential_id").GetString());
    }

    internal static Action<JsonObject, JsonObject> Changed(string change, string issuer)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var text = change.Replace("$issuer", issuer, StringComparison.Ordinal);
        foreach (var sum in new[] { "-61", "+7200", "+3600", "+60.5", "-0.25", "-0.125", "+70", "-30", "+8" })
            text = text.Replace(
                "$now" + sum,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{now + decimal.Parse(sum, System.Globalization.CultureInfo.InvariantCulture)}"
                ),
                StringComparison.Ordinal
            );
        var changes = JsonNode.Parse(text.Replace("$now", $"{now}", StringComparison.Ordinal))!.AsObject();
        return (header, claims) =>
        {
            foreach (var (name, value) in changes)
            {
                var part = name is "typ" or "alg" or "kid" or "crit" or "jku" ? header : claims;
                if (value is null)
                    part.Remove(name);
                else
                    part[name] = value.DeepClone();
            }
        };
    }

    private static (string, string)[] Form(string assertion, params (string Name, string Value)[] more) =>
        [("grant_type", "client_credentials"), ("client_assertion_type", Type), ("client_assertion", assertion), .. more];

    internal static Task<ApiResponse> TokenAsync(ApiClient client, string assertion, params (string Name, string Value)[] more) =>
        client.FormAsync("/oauth/token", Form(assertion, more));

    private async Task<(ApiClient Client, ApiClient Admin, Created Made, ApiResponse Registered)> ArrangeAsync(Engine engine, ClientKey key)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api().Role().Application().CreateAsync();
        return (await servers.AnonymousAsync(engine), admin, made, await admin.CreatePublicKeyAsync(made.Application.Id, key));
    }
}
