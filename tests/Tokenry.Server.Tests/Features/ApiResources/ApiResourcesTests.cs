using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.ApiResources;

public sealed class ApiResourcesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task The_least_body_makes_a_record_with_every_default(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("least");
        var created = await admin.PostAsync("/v1/api-resources", new { identifier = $"https://{name}.example.com", name }).Expect(201);

        Assert.Equal($"/v1/api-resources/{created.Text("id")}", created.Header("Location"));
        Assert.StartsWith("res_", created.Text("id"), StringComparison.Ordinal);
        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","identifier":"https://{{name}}.example.com","name":"{{name}}","scopes":[],
             "accepted_credentials":["api_key","personal_access_token","access_token"],"carriers":["bearer","x_api_key"],"object_types":[],
             "objects_in_tokens":false,"access_token_lifetime_seconds":300,"access_token_signing_alg":"ES256","resource_servers":[],"minimum_strength":"bearer","one_time_tokens":false,"access_log":"denials","created_at":"{{created.Text(
                "created_at"
            )}}"}
            """,
            created.Json
        );
        Assert.Equal(created.Body, (await admin.GetAsync(created.Header("Location")!).Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task Everything_that_is_said_is_kept(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var server = (await admin.CreateApplicationAsync([])).Id;
        var name = CreateRequests.Unique("all");
        var created = await admin
            .PostAsync(
                "/v1/api-resources",
                $$"""
                {"identifier":"urn:example:{{name}}","name":"Rechnungen – {{name}} ✓","scopes":[{"name":"a:read","description":"Reads \"a\""},{"name":"b","accepted_credentials":["api_key"]}],
                 "accepted_credentials":["anonymous_api_key","api_key"],"carriers":["bearer","basic","query","header:X-Gitlab-Token"],
                 "object_types":["repo","base"],"objects_in_tokens":true,"access_token_lifetime_seconds":3600,"access_token_signing_alg":"RS256","resource_servers":["{{server}}"],"minimum_strength":"signed","one_time_tokens":true,"access_log":"all"}
                """
            )
            .Expect(201);

        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","identifier":"urn:example:{{name}}","name":"Rechnungen – {{name}} ✓",
             "scopes":[{"name":"a:read","description":"Reads \"a\""},{"name":"b","description":null,"accepted_credentials":["api_key"]}],
             "accepted_credentials":["anonymous_api_key","api_key"],"carriers":["bearer","basic","query","header:X-Gitlab-Token"],
             "object_types":["repo","base"],"objects_in_tokens":true,"access_token_lifetime_seconds":3600,"access_token_signing_alg":"RS256","resource_servers":["{{server}}"],"minimum_strength":"signed","one_time_tokens":true,"access_log":"all",
             "created_at":"{{created.Text("created_at")}}"}
            """,
            created.Json
        );
    }

    [Theory, BothEngines]
    public async Task Patch_keeps_what_is_absent_and_clears_what_is_null(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(
            ["a", "b"],
            new
            {
                object_types = new[] { "repo" },
                access_token_lifetime_seconds = 60,
                carriers = new[] { "bearer" },
            }
        );
        var path = $"/v1/api-resources/{api.Id}";

        var renamed = await admin.PatchAsync(path, new { name = "Renamed" }).Expect(200);
        Assert.Equal(api.Response.Body.Replace(api.Response.Text("name") + "\"", "Renamed\"", StringComparison.Ordinal), renamed.Body);
        Assert.Equal(renamed.Body, (await admin.PatchAsync(path, "{}").Expect(200)).Body);

        var merge = new Dictionary<string, string> { ["Content-Type"] = "application/merge-patch+json" };
        var cleared = await admin
            .PatchAsync(
                path,
                """{"object_types":null,"access_token_lifetime_seconds":null,"carriers":null,"scopes":[{"name":"a"}]}""",
                merge
            )
            .Expect(200);
        AssertJson("[]", cleared.Json.GetProperty("object_types"));
        AssertJson("""["bearer","x_api_key"]""", cleared.Json.GetProperty("carriers"));
        Assert.Equal(300, cleared.Json.GetProperty("access_token_lifetime_seconds").GetInt32());
        AssertJson("""[{"name":"a","description":null}]""", cleared.Json.GetProperty("scopes"));
        Assert.Equal(cleared.Body, (await admin.GetAsync(path).Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task The_identifier_cannot_be_changed_nor_taken_twice(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        await admin
            .PatchAsync($"/v1/api-resources/{api.Id}", new { identifier = "https://other.example.com" })
            .ExpectFaultAsync("identifier");
        await admin.PostAsync("/v1/api-resources", new { identifier = api.Identifier, name = "Again" }).Expect(409, "already_exists");
        // Compared byte for byte: another case is another API.
        await admin.CreateApiAsync(["a"], new { identifier = api.Identifier + "/A" });
        await admin.CreateApiAsync(["a"], new { identifier = api.Identifier + "/a" });
    }

    [Theory, BothEngines]
    public async Task Deleted_is_gone_and_deleting_again_is_no_error(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var path = $"/v1/api-resources/{api.Id}";
        Assert.Equal("", (await admin.DeleteAsync(path).Expect(204)).Body);
        await admin.DeleteAsync(path).Expect(204);
        await admin.GetAsync(path).Expect(404, "not_found");
        await admin.PatchAsync(path, new { name = "x" }).Expect(404, "not_found");
        await admin.CreateApiAsync(["a"], new { identifier = api.Identifier }); // free again
    }

    [Theory, BothEngines]
    public async Task Lists_page_through_everything_exactly_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
            made.Add((await admin.CreateApiAsync(["a"])).Id);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await admin.GetAsync($"/v1/api-resources?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}").Expect(200);
            AssertMembers(page.Json, "items", "next_cursor");
            Assert.True(page.Json.GetProperty("items").GetArrayLength() is 1 or 2);
            seen.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        } while (cursor is not null);
        Assert.Equal(seen.Count, seen.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.Superset(made.ToHashSet(), seen.ToHashSet());
    }

    [Theory, BothEngines]
    public async Task A_list_can_be_narrowed_to_one_identifier(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var found = await admin.GetAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(api.Identifier)}").Expect(200);
        AssertJson($$"""{"items":[{{api.Response.Body}}],"next_cursor":null}""", found.Json);
        AssertJson(
            """{"items":[],"next_cursor":null}""",
            (await admin.GetAsync("/v1/api-resources?identifier=https://unknown.example.com").Expect(200)).Json
        );
    }

    [Theory]
    [BothEngines("limit=0", "limit")]
    [BothEngines("limit=201", "limit")]
    [BothEngines("limit=-1", "limit")]
    [BothEngines("limit=1&limit=2", "limit")]
    [BothEngines("limit=%2B1", "limit")]
    [BothEngines("cursor=x", "cursor")]
    [BothEngines("cursor=%0D%0A", "cursor")]
    [BothEngines("identifer=typo", "identifer")]
    [BothEngines("identifier=%E2%80%AE", "identifier")]
    public async Task A_query_that_does_not_fit_is_refused_by_name(Engine engine, string query, string member) =>
        await (await servers.AdminAsync(engine)).GetAsync($"/v1/api-resources?{query}").ExpectFaultAsync(member);

    [Theory]
    [BothEngines("res_0000000000000000000000")]
    [BothEngines("res_zzzzzzzzzzzzzzzzzzzzzz")]
    [BothEngines("rol_0000000000000000000001")]
    [BothEngines("res_")]
    [BothEngines("x")]
    [BothEngines("..%2F..%2Fetc")]
    [BothEngines("%F0%9F%94%91")]
    public async Task An_unknown_id_is_not_found(Engine engine, string id)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.GetAsync($"/v1/api-resources/{id}").Expect(404, "not_found");
        await admin.PatchAsync($"/v1/api-resources/{id}", new { name = "x" }).Expect(404, "not_found");
    }
}
