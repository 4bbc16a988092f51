using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

public sealed class VerifyAnswerTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_valid_answer_has_every_member(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "b", "a", "c")
            .Role("a", "b")
            .ApiKey(_ => new
            {
                objects = new[] { "repo:acme/*" },
                expires_at = "2099-01-01T00:00:00Z",
                metadata = new { team = "billing" },
            })
            .CreateAsync();
        var answer = await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier, ["a"], "repo:acme/web").Expect(200);
        AssertJson(
            $$"""
            {"valid":true,"code":"valid","kind":"api_key","credential_id":"{{made.ApiKey.Id}}","subject":"{{made.Application.Id}}",
             "application_id":"{{made.Application.Id}}","organization_id":null,"scopes":["a","b"],"objects":["repo:acme/*"],
             "expires_at":"2099-01-01T00:00:00Z","metadata":{"team":"billing"} }
            """,
            answer.Json
        );
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Theory, BothEngines]
    public async Task Without_an_API_it_has_the_permissions_everywhere_and_one_token_opens_two(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .Api("b", "c")
            .Role("b")
            .User(_ => new { password = (string?)null })
            .PersonalAccessToken()
            .CreateAsync();
        var token = made.PersonalAccessToken.Secret;
        var answer = await admin.VerifyAsync(token).Expect(200);
        Assert.False(answer.Json.TryGetProperty("scopes", out _));
        AssertJson(
            $$"""[{"api":"{{made.Apis[0].Identifier}}","scopes":["a"]},{"api":"{{made.Apis[1].Identifier}}","scopes":["b"]}]""",
            answer.Json.GetProperty("permissions")
        );
        Assert.Equal(made.User.Id, answer.Text("subject"));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.Json.GetProperty("application_id").ValueKind);
        Assert.Equal("valid", await admin.CodeAsync(token, made.Apis[0].Identifier, ["a"]));
        Assert.Equal("valid", await admin.CodeAsync(token, made.Apis[1].Identifier, ["b"]));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(token, made.Apis[1].Identifier, ["b", "c"]));
    }

    [Theory]
    [BothEngines("repo:acme/*", "repo:acme/web", "valid")]
    [BothEngines("repo:acme/*", "repo:acme/web/deep", "valid")] // the star crosses the slash
    [BothEngines("repo:acme/*", "repo:acme/", "valid")]
    [BothEngines("repo:acme/*", "repo:acme", "object_not_allowed")]
    [BothEngines("repo:acme/*", "repo:Acme/web", "object_not_allowed")]
    [BothEngines("repo:acme/web", "repo:acme/web", "valid")]
    [BothEngines("repo:acme/web", "repo:acme/web2", "object_not_allowed")]
    [BothEngines("repo:*", "repo:anything", "valid")]
    [BothEngines("repo:*", "base:anything", "object_not_allowed")]
    [BothEngines("repo:*", null, "valid")]
    [BothEngines("undeclared:*", "undeclared:x", "object_not_allowed")]
    public async Task Objects_bound_what_is_asked_about(Engine engine, string pattern, string? @object, string expected)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo", "base" } }, "a")
            .Role()
            .ApiKey(_ => new { objects = new[] { pattern } })
            .CreateAsync();
        Assert.Equal(expected, await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["a"], @object));
    }

    [Theory, BothEngines]
    public async Task A_credential_with_objects_has_no_rights_at_an_API_without_object_types(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { objects = new[] { "repo:*" } }).CreateAsync();
        Assert.Equal("object_not_allowed", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("object_not_allowed", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, @object: "repo:x"));
    }

    [Theory]
    [BothEngines("10.0.0.1", "valid")]
    [BothEngines("10.255.255.255", "valid")]
    [BothEngines("::ffff:10.0.0.1", "valid")]
    [BothEngines("11.0.0.0", "ip_not_allowed")]
    [BothEngines("2001:db8::1", "valid")]
    [BothEngines("2001:db9::1", "ip_not_allowed")]
    [BothEngines("::1", "ip_not_allowed")]
    [BothEngines(null, "ip_not_allowed")]
    public async Task Addresses_bound_where_it_comes_from(Engine engine, string? ip, string expected)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { allowed_ips = new[] { "10.0.0.0/8", "2001:db8::/32" } }).CreateAsync();
        Assert.Equal(expected, await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ip: ip));
    }

    [Theory]
    [BothEngines("{}", "token")]
    [BothEngines("{\"token\":null}", "token")]
    [BothEngines("{\"token\":5}", "token")]
    [BothEngines("{\"token\":\"x\",\"scopes\":[\"a\"]}", "api")]
    [BothEngines("{\"token\":\"x\",\"object\":\"repo:a\"}", "api")]
    [BothEngines("{\"token\":\"x\",\"api\":\"y\",\"scopes\":[\"a b\"]}", "scopes")]
    [BothEngines("{\"token\":\"x\",\"api\":\"y\",\"scopes\":[null]}", "scopes")]
    [BothEngines("{\"token\":\"x\",\"api\":\"y\",\"scopes\":\"a\"}", "scopes")]
    [BothEngines("{\"token\":\"x\",\"api\":\"y\",\"object\":\"repo\"}", "object")]
    [BothEngines("{\"token\":\"x\",\"api\":\"y\",\"object\":\"repo:*\"}", "object")]
    [BothEngines("{\"token\":\"x\",\"ip\":\"localhost\"}", "ip")]
    [BothEngines("{\"token\":\"x\",\"ip\":\"\"}", "ip")]
    [BothEngines("{\"token\":\"x\",\"scope\":\"a\"}", "scope")]
    [BothEngines("{\"token\":\"x\",\"token\":\"y\"}", "token")]
    public async Task A_request_that_does_not_fit_is_a_400(Engine engine, string body, string member) =>
        await (await servers.AdminAsync(engine)).PostAsync("/v1/verify", body).ExpectFaultAsync(member);

    [Theory, BothEngines]
    public async Task No_changed_character_is_ever_valid(Engine engine)
    {
        const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var token = made.ApiKey.Secret;
        Assert.Equal("valid", await admin.CodeAsync(token, made.Api.Identifier));
        for (var i = 0; i < token.Length; i++)
        {
            var at = Alphabet.IndexOf(token[i], StringComparison.Ordinal);
            var changed = token[..i] + (at < 0 ? '-' : Alphabet[(at + 1) % Alphabet.Length]) + token[(i + 1)..];
            Assert.Contains(await admin.CodeAsync(changed, made.Api.Identifier), new[] { "malformed", "unknown" });
        }
        foreach (var changed in new[] { token[..^1], token[1..], token + "0", token.ToUpperInvariant(), token + " ", token + "\n" })
            Assert.Contains(await admin.CodeAsync(changed, made.Api.Identifier), new[] { "malformed", "unknown" });
    }
}
