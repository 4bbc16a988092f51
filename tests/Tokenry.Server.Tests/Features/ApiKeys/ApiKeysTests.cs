using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.ApiKeys;

public sealed class ApiKeysTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_key_is_made_with_every_member_and_its_secret_is_told_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role().Application().CreateAsync();
        var self = await admin.GetAsync("/v1/me").Expect(200);
        var (me, with) = (self.Text("subject"), self.Text("credential_id"));
        var created = await admin
            .PostAsync(
                $"/v1/applications/{made.Application.Id}/api-keys",
                $$"""
                {"name":" ci ","permissions":[{"api":"{{made.Api.Identifier}}","scopes":["a"]}],"objects":["repo:acme/*","base:1"],
                 "expires_at":"2099-01-01T00:00:00.250Z","not_before":null,"allowed_ips":["127.0.0.0/8"],"rate_limits":null,"metadata":{"team":"billing"} }
                """
            )
            .Expect(201);
        var token = created.Text("token");
        Assert.Equal($"/v1/api-keys/{created.Text("id")}", created.Header("Location"));
        Assert.Equal("no-store", created.Header("Cache-Control"));
        Assert.Matches("^tkr_key_[0-9A-Za-z]{71}$", token);
        Assert.Equal(created.Text("id")["key_".Length..], token["tkr_key_".Length..][..22]);
        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","kind":"api_key","name":"ci","masked":"tkr_key_…{{token[^4..]}}",
             "owner":{"type":"application","id":"{{made.Application.Id}}"},
             "permissions":[{"api":"{{made.Api.Identifier}}","scopes":["a"]}],"objects":["repo:acme/*","base:1"],
             "created_at":"{{created.Text(
                "created_at"
            )}}","organization_id":null,"created_by":"{{me}}","created_with":"{{with}}","expires_at":"2099-01-01T00:00:00.250Z","rotate_every_days":null,"due_at":"2099-01-01T00:00:00.250Z","not_before":null,
             "allowed_ips":["127.0.0.0/8"],"rate_limits":null,"metadata":{"team":"billing"},"state":"active","weaknesses":[],"revoked_at":null,"revoked_reason":null,
             "last_used":null,"previous_expires_at":null,"previous_last_used":null,"request_signing":"none","recoverable":false,"token":"{{token}}"}
            """,
            created.Json
        );
        foreach (
            var path in new[]
            {
                $"/v1/api-keys/{created.Text("id")}",
                $"/v1/applications/{made.Application.Id}/api-keys/{created.Text("id")}",
                $"/v1/applications/{made.Application.Id}/api-keys",
                $"/v1/credentials?owner={made.Application.Id}",
            }
        )
        {
            var shown = await admin.GetAsync(path).Expect(200);
            Assert.DoesNotContain("\"token\"", shown.Body, StringComparison.Ordinal);
            Assert.Contains(created.Text("masked"), shown.Body, StringComparison.Ordinal);
        }
    }

    [Theory, BothEngines]
    public async Task A_key_with_a_name_alone_never_expires_and_has_its_owners_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").ApiKey().CreateAsync();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, made.ApiKey.Response.Json.GetProperty("expires_at").ValueKind);
        var answer = await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(200);
        AssertJson("""["a"]""", answer.Json.GetProperty("scopes"));
        Assert.Equal(made.Application.Id, answer.Text("subject"));
        Assert.Equal(made.Application.Id, answer.Text("application_id"));
    }

    [Theory, BothEngines]
    public async Task An_anonymous_key_takes_neither_permissions_nor_objects(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().ApiKey(_ => new { anonymous = true }).CreateAsync();
        Assert.Equal("anonymous_api_key", made.ApiKey.Response.Text("kind"));
        Assert.StartsWith("tkr_key_", made.ApiKey.Secret, StringComparison.Ordinal);
        var collection = $"/v1/applications/{made.Application.Id}/api-keys";
        await admin.PostAsync(collection, """{"name":"x","anonymous":true,"permissions":[]}""").ExpectFaultAsync("permissions");
        await admin.PostAsync(collection, """{"name":"x","anonymous":true,"objects":["a:b"]}""").ExpectFaultAsync("objects");
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        await admin.PatchAsync(path, """{"permissions":[]}""").ExpectFaultAsync("permissions");
        await admin.PatchAsync(path, """{"objects":["a:b"]}""").ExpectFaultAsync("objects");
        await admin.PatchAsync(path, """{"anonymous":false}""").ExpectFaultAsync("anonymous");
        await admin.PatchAsync(path, """{"name":"still anonymous"}""").Expect(200);
    }

    [Theory, BothEngines]
    public async Task One_call_makes_an_application_and_its_key(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a", "b", "c"]);
        var quick = new
        {
            name = "hurry",
            api = api.Identifier,
            scopes = new[] { "b", "a" },
        };
        var first = await admin.PostAsync("/v1/api-keys", quick).Expect(201);
        var second = await admin.PostAsync("/v1/api-keys", quick).Expect(201);
        Assert.Equal($"/v1/api-keys/{first.Text("id")}", first.Header("Location"));
        Assert.NotEqual(first.Text("owner.id"), second.Text("owner.id"));
        Assert.Equal("valid", await admin.CodeAsync(first.Text("token"), api.Identifier, ["a", "b"]));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(first.Text("token"), api.Identifier, ["c"]));
        var application = await admin.GetAsync($"/v1/applications/{first.Text("owner.id")}").Expect(200);
        Assert.Equal("hurry", application.Text("name"));
    }

    [Theory, BothEngines]
    public async Task A9g_one_call_makes_no_role(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a", "b"]);
        foreach (var scopes in new[] { ["a"], ["b"], new[] { "a", "b" } })
        {
            var key = await admin
                .PostAsync(
                    "/v1/api-keys",
                    new
                    {
                        name = "hurry",
                        api = api.Identifier,
                        scopes,
                    }
                )
                .Expect(201);
            Assert.Equal("valid", await admin.CodeAsync(key.Text("token"), api.Identifier, scopes));
            var application = await admin.GetAsync($"/v1/applications/{key.Text("owner.id")}").Expect(200);
            AssertJson("[]", application.Json.GetProperty("roles"));
            AssertJson(
                $$"""[{"api":"{{api.Identifier}}","scopes":{{System.Text.Json.JsonSerializer.Serialize(scopes)}}}]""",
                application.Json.GetProperty("permissions")
            );
        }

        Assert.DoesNotContain(
            api.Identifier,
            (await admin.GetAsync("/v1/audit?action=role.created&limit=200").Expect(200)).Body,
            StringComparison.Ordinal
        );
        // Found by what it may do, as by a role.
        var listed = await admin.GetAsync($"/v1/credentials?api={Uri.EscapeDataString(api.Identifier)}").Expect(200);
        Assert.Equal(3, listed.Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "null")]
    [BothEngines("name", "\"a\\nb\"")]
    [BothEngines("scopes", "[]")]
    [BothEngines("scopes", "\"a\"")]
    [BothEngines("permissions", "[]")]
    [BothEngines("expires_at", "null")]
    public async Task The_one_call_takes_three_members(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var body = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = "\"x\"",
            ["api"] = $"\"{api.Identifier}\"",
            ["scopes"] = "[\"a\"]",
            [member] = value,
        };
        await admin
            .PostAsync("/v1/api-keys", "{" + string.Join(',', body.Select(pair => $"\"{pair.Key}\":{pair.Value}")) + "}")
            .ExpectFaultAsync(member);
    }
}
