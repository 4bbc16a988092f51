using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Applications;

public sealed class ApplicationsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_application_is_made_shown_revised_and_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var created = await admin.PostAsync("/v1/applications", new { name = "billing-job", roles = new[] { role.Id } }).Expect(201);
        var path = created.Header("Location")!;
        Assert.Equal($"/v1/applications/{created.Text("id")}", path);
        AssertJson(
            $$"""
            {"id":"{{created.Text(
                "id"
            )}}","name":"billing-job","roles":["{{role.Id}}"],"permissions":[],"enabled":true,"rate_limits":null,"owner_id":null,"organization_id":null,"owner_bound":null,"weaknesses":[],"token_endpoint_auth_methods":null,"accepts_untyped_assertions":false,"assertions":"strict","dpop_bound_access_tokens":false,"tls_client_certificate_bound_access_tokens":false,"token_exchange_audiences":null,
             "created_at":"{{created.Text("created_at")}}"}
            """,
            created.Json
        );
        Assert.Equal(created.Body, (await admin.GetAsync(path).Expect(200)).Body);
        await admin.PostAsync("/v1/applications", new { name = "billing-job" }).Expect(201); // names are for people

        var renamed = await admin.PatchAsync(path, new { name = "Job" }).Expect(200);
        AssertJson($"""["{role.Id}"]""", renamed.Json.GetProperty("roles"));
        AssertJson("[]", (await admin.PatchAsync(path, """{"roles":null}""").Expect(200)).Json.GetProperty("roles"));
        await admin.PatchAsync(path, """{"name":null}""").ExpectFaultAsync("name");

        Assert.False((await admin.PostAsync(path + "/disable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        Assert.True((await admin.PostAsync(path + "/enable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        await admin.DeleteAsync(path).Expect(204);
        await admin.DeleteAsync(path).Expect(204);
        await admin.GetAsync(path).Expect(404, "not_found");
        await admin.PostAsync(path + "/api-keys", new { name = "late" }).Expect(404, "not_found");
        await admin.PostAsync(path + "/secrets", new { name = "late" }).Expect(404, "not_found");
    }

    [Theory, BothEngines]
    public async Task A9g_an_application_has_permissions_of_its_own_beside_its_roles(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b", "c").Role("a").CreateAsync();
        var application = await admin.CreateApplicationAsync([made.Role.Id], new { permissions = new[] { At(made.Api.Identifier, "b") } });
        var path = $"/v1/applications/{application.Id}";
        AssertJson(
            $$"""[{"api":"{{made.Api.Identifier}}","scopes":["b"]}]""",
            (await admin.GetAsync(path).Expect(200)).Json.GetProperty("permissions")
        );
        var key = await admin.CreateApiKeyAsync(application.Id, new { permissions = new[] { At(made.Api.Identifier, "a", "b") } });
        var secret = await admin.CreateClientSecretAsync(application.Id);
        Assert.Equal(["a", "b"], await ScopesAsync());

        await admin.PatchAsync(path, new { permissions = Array.Empty<object>() }).Expect(200);
        Assert.Equal(["a"], await ScopesAsync());
        await admin
            .PatchAsync(path, new { permissions = new[] { At(made.Api.Identifier, "b", "c") }, roles = (string[]?)null })
            .Expect(200);
        Assert.Equal(["b"], await ScopesAsync()); // c is not the key's
        AssertJson("[]", (await admin.PatchAsync(path, """{"permissions":null}""").Expect(200)).Json.GetProperty("permissions"));
        Assert.Equal("wrong_api", await admin.CodeAsync(key.Secret, made.Api.Identifier));

        async Task<string[]> ScopesAsync()
        {
            var verified = Strings((await admin.VerifyAsync(key.Secret, made.Api.Identifier).Expect(200)).Json.GetProperty("scopes"));
            var bought = await admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)],
                    (application.Id, secret.Secret)
                )
                .Expect(200);
            Assert.Superset(verified.ToHashSet(), bought.Text("scope").Split(' ').ToHashSet());
            return verified;
        }
    }

    [Theory, BothEngines]
    public async Task A9g_an_API_at_which_an_application_has_permissions_is_in_use(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (one, two) = (await admin.CreateApiAsync(["a"]), await admin.CreateApiAsync(["a"]));
        var application = await admin.CreateApplicationAsync(
            [],
            new { permissions = new[] { At(one.Identifier, "a"), At(two.Identifier, "a") } }
        );
        var refusal = await admin.DeleteAsync($"/v1/api-resources/{one.Id}").Expect(409, "in_use");
        Assert.Equal([application.Id], Strings(refusal.Json.GetProperty("used_by").GetProperty("applications").GetProperty("items")));
        await admin.DeleteAsync($"/v1/api-resources/{one.Id}?force=true").Expect(204);
        var shown = await admin.GetAsync($"/v1/applications/{application.Id}").Expect(200);
        AssertJson($$"""[{"api":"{{two.Identifier}}","scopes":["a"]}]""", shown.Json.GetProperty("permissions"));
        // Registered again it is another: nothing revives.
        await admin
            .PostAsync(
                "/v1/api-resources",
                new
                {
                    identifier = one.Identifier,
                    name = "again",
                    scopes = new[] { new { name = "a" } },
                }
            )
            .Expect(201);
        Assert.Equal(shown.Body, (await admin.GetAsync($"/v1/applications/{application.Id}").Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task A9g_permissions_of_an_application_are_bounded_as_its_roles_are(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").CreateAsync();
        await admin
            .PostAsync("/v1/applications", new { name = "x", permissions = new[] { At(made.Api.Identifier, "z") } })
            .ExpectFaultAsync("permissions");
        var registrar = await admin.CallerAsync("applications:write");
        await registrar
            .Client.PostAsync("/v1/applications", new { name = "x", permissions = new[] { At(Management, "users:write") } })
            .Expect(403, "exceeds_own_rights");
        var strong = await admin.CreateApplicationAsync([], new { permissions = new[] { At(Management, "users:write") } });
        foreach (var patch in new object[] { new { name = "y" }, new { permissions = Array.Empty<object>() } })
            await registrar.Client.PatchAsync($"/v1/applications/{strong.Id}", patch).Expect(403, "exceeds_own_rights");
        await registrar
            .Client.PostAsync($"/v1/applications/{strong.Id}/transfer", new { owner = registrar.Id })
            .Expect(403, "exceeds_own_rights");

        var developer = await admin.PersonWithTokenAsync(
            [Developer, made.Role.Id],
            At(Management, "applications:own"),
            At(made.Api.Identifier, "a")
        );
        var own = await developer
            .Client.PostAsync("/v1/applications", new { name = "mine", permissions = new[] { At(made.Api.Identifier, "a") } })
            .Expect(201);
        await developer
            .Client.PatchAsync($"/v1/applications/{own.Text("id")}", new { permissions = new[] { At(made.Api.Identifier, "a", "b") } })
            .Expect(403, "exceeds_own_rights");
    }

    [Theory]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "\"a\\rb\"")]
    [BothEngines("name", "7")]
    [BothEngines("roles", "[\"x\"]")]
    [BothEngines("roles", "{}")]
    [BothEngines("owner_id", "\"usr_0000000000000000000001\"")]
    [BothEngines("userId", "\"usr_0000000000000000000001\"")]
    [BothEngines("client_id", "\"app_0000000000000000000001\"")]
    public async Task A_member_that_does_not_fit_is_named(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var name = member == "name" ? "" : "\"name\":\"x\",";
        await admin.PostAsync("/v1/applications", $"{{{name}\"{member}\":{value}}}").ExpectFaultAsync(member);
        var application = await admin.CreateApplicationAsync([]);
        await admin.PatchAsync($"/v1/applications/{application.Id}", $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
    }

    [Theory, BothEngines]
    public async Task What_a_deleted_application_owned_is_revoked(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        await admin.DeleteAsync($"/v1/applications/{made.Application.Id}?reason=retired").Expect(204);
        Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        foreach (var path in new[] { $"/v1/api-keys/{made.ApiKey.Id}", $"/v1/credentials?owner={made.Application.Id}" })
            Assert.Contains("\"revoked_reason\":\"retired\"", (await admin.GetAsync(path).Expect(200)).Body, StringComparison.Ordinal);
    }
}
