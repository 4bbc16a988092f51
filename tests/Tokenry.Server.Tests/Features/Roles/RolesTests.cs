using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Roles;

public sealed class RolesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_role_is_made_shown_revised_and_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a", "b"]);
        var name = CreateRequests.Unique("Reader");
        var created = await admin
            .PostAsync(
                "/v1/roles",
                new
                {
                    name,
                    description = "Reads",
                    permissions = new[] { At(api.Identifier, "a") },
                }
            )
            .Expect(201);
        var path = created.Header("Location")!;
        Assert.Equal($"/v1/roles/{created.Text("id")}", path);
        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","name":"{{name}}","description":"Reads","built_in":false,
             "permissions":[{"api":"{{api.Identifier}}","scopes":["a"]}],"requestable":false,"created_at":"{{created.Text("created_at")}}"}
            """,
            created.Json
        );
        Assert.Equal(created.Body, (await admin.GetAsync(path).Expect(200)).Body);

        var kept = await admin.PatchAsync(path, new { permissions = new[] { At(api.Identifier, "a", "b") } }).Expect(200);
        Assert.Equal("Reads", kept.Text("description"));
        AssertJson("""["a","b"]""", kept.Json.GetProperty("permissions")[0].GetProperty("scopes"));
        var cleared = await admin.PatchAsync(path, """{"description":null,"permissions":null}""").Expect(200);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, cleared.Json.GetProperty("description").ValueKind);
        AssertJson("[]", cleared.Json.GetProperty("permissions"));
        Assert.Equal(cleared.Body, (await admin.GetAsync(path).Expect(200)).Body);

        await admin.DeleteAsync(path).Expect(204);
        await admin.DeleteAsync(path).Expect(204);
        await admin.GetAsync(path).Expect(404, "not_found");
        await admin.PatchAsync(path, new { name }).Expect(404, "not_found");
        await admin.PostAsync("/v1/roles", new { name }).Expect(201); // free again
    }

    [Theory, BothEngines]
    public async Task A_name_is_taken_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var other = await admin.CreateRoleAsync([]);
        await admin.PostAsync("/v1/roles", new { name = role.Response.Text("name") }).Expect(409, "already_exists");
        await admin.PatchAsync($"/v1/roles/{other.Id}", new { name = role.Response.Text("name") }).Expect(409, "already_exists");
        await admin.PatchAsync($"/v1/roles/{role.Id}", new { name = role.Response.Text("name") }).Expect(200);
        foreach (var builtIn in new[] { "administrator", "auditor", "developer", "member" })
            await admin.PostAsync("/v1/roles", new { name = builtIn }).ExpectFaultAsync("name");
    }

    [Theory, BothEngines]
    public async Task Built_in_roles_are_listed_first_and_cannot_be_changed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var first = await admin.GetAsync("/v1/roles?limit=4").Expect(200);
        string[] ids = [Administrator, Auditor, Developer, Member];
        Assert.Equal(ids, first.Json.GetProperty("items").EnumerateArray().Select(role => role.GetProperty("id").GetString()));
        foreach (var id in ids)
        {
            var role = await admin.GetAsync($"/v1/roles/{id}").Expect(200);
            AssertMembers(role.Json, "id", "name", "description", "built_in", "permissions", "requestable", "created_at");
            Assert.True(role.Json.GetProperty("built_in").GetBoolean());
            await admin.PatchAsync($"/v1/roles/{id}", new { description = "mine" }).Expect(409, "in_use");
            await admin.DeleteAsync($"/v1/roles/{id}").Expect(409, "in_use");
        }
    }

    [Theory, BothEngines]
    public async Task The_built_in_roles_hold_what_the_contract_says(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        string[] nouns =
        [
            "users",
            "users.tokens",
            "applications",
            "api-resources",
            "roles",
            "organizations",
            "policies",
            "approvals",
            "credentials",
            "signing-keys",
            "webhooks",
        ];
        string[] reads = [.. nouns.Select(noun => noun + ":read"), "audit:read", "usage:read"];

        var all = await ScopesAsync(Administrator);
        Assert.Superset(
            new HashSet<string>([.. reads, .. nouns.Select(noun => noun + ":write"), "verify", "introspect", "tokens:own"]),
            all
        );
        Assert.Equal(reads.ToHashSet(), await ScopesAsync(Auditor));
        Assert.Equal(["tokens:own"], await ScopesAsync(Member));
        Assert.DoesNotContain(await ScopesAsync(Developer), scope => scope.EndsWith(":write", StringComparison.Ordinal));

        async Task<HashSet<string>> ScopesAsync(string id)
        {
            var role = await admin.GetAsync($"/v1/roles/{id}").Expect(200);
            var permission = Assert.Single(role.Json.GetProperty("permissions").EnumerateArray());
            Assert.Equal(Management, permission.GetProperty("api").GetString());
            return [.. Strings(permission.GetProperty("scopes"))];
        }
    }

    [Theory, BothEngines]
    public async Task A_role_that_somebody_holds_cannot_be_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var application = await admin.CreateApplicationAsync([role.Id]);
        await admin.DeleteAsync($"/v1/roles/{role.Id}").Expect(409, "in_use");
        await admin.PatchAsync($"/v1/applications/{application.Id}", new { roles = Array.Empty<string>() }).Expect(200);
        await admin.DeleteAsync($"/v1/roles/{role.Id}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_role_is_found_by_its_name_and_every_page_has_the_rest(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var found = await admin.GetAsync($"/v1/roles?name={Uri.EscapeDataString(role.Response.Text("name"))}").Expect(200);
        AssertJson($$"""{"items":[{{role.Response.Body}}],"next_cursor":null}""", found.Json);
        Assert.Equal(
            Administrator,
            (await admin.GetAsync("/v1/roles?name=administrator").Expect(200)).Json.GetProperty("items")[0].GetProperty("id").GetString()
        );

        var seen = new List<string>();
        for (string? cursor = "", path = "/v1/roles?limit=3"; cursor is not null; path = $"/v1/roles?limit=3&cursor={cursor}")
        {
            var page = await admin.GetAsync(path).Expect(200);
            seen.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }
        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.Equal(seen.Count, seen.ToHashSet().Count);
        Assert.Contains(role.Id, seen);
    }

    [Theory]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "\"a\\nb\"")]
    [BothEngines("name", "\"a\\u202eb\"")]
    [BothEngines("name", "null")]
    [BothEngines("description", "\"a\\u0000b\"")]
    [BothEngines("description", "5")]
    [BothEngines("permissions", "[{\"api\":\"https://unregistered.example.com\",\"scopes\":[\"a\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\",\"scopes\":[\"everything\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"URN:TOKENRY:MANAGEMENT\",\"scopes\":[\"verify\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\",\"scopes\":[\"with space\"]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\",\"scopes\":[null]}]")]
    [BothEngines("permissions", "[{\"api\":\"urn:tokenry:management\"}]")]
    [BothEngines("permissions", "[{\"scopes\":[\"verify\"]}]")]
    [BothEngines("permissions", "[{}]")]
    [BothEngines("permissions", "[null]")]
    [BothEngines(
        "permissions",
        "[{\"api\":\"urn:tokenry:management\",\"scopes\":[\"verify\"]},{\"api\":\"urn:tokenry:management\",\"scopes\":[\"introspect\"]}]"
    )]
    [BothEngines("permissions", "\"all\"")]
    [BothEngines("built_in", "true")]
    [BothEngines("scopes", "[]")]
    public async Task A_member_that_does_not_fit_is_named(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var name = member == "name" ? "" : $"\"name\":\"{CreateRequests.Unique("fault")}\",";
        await admin.PostAsync("/v1/roles", $"{{{name}\"{member}\":{value}}}").ExpectFaultAsync(member);
        var role = await admin.CreateRoleAsync([]);
        await admin.PatchAsync($"/v1/roles/{role.Id}", $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
    }
}
