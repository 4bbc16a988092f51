using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Credentials;

public sealed class ListCredentialsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Paging_shows_everything_exactly_once_in_the_order_of_bytes(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().ApiKey().ClientSecret().ApiKey().CreateAsync();
        string[] expected = [.. made.ApiKeys.Concat(made.ClientSecrets).Select(credential => credential.Id).Order(StringComparer.Ordinal)];
        foreach (var limit in new[] { 1, 2, 4, 5, 200 })
            Assert.Equal(expected, await IdsAsync(admin, $"/v1/credentials?owner={made.Application.Id}&limit={limit}"));
        // Everybody's: prefixes of different kinds, ids that differ in case only at some position.
        var all = await IdsAsync(admin, "/v1/credentials?limit=7");
        Assert.Equal(all.Order(StringComparer.Ordinal), all);
        Assert.Equal(all.Count, all.ToHashSet(StringComparer.Ordinal).Count);
        Assert.Superset(expected.ToHashSet(StringComparer.Ordinal), all.ToHashSet(StringComparer.Ordinal));
    }

    [Theory, BothEngines]
    public async Task Each_filter_narrows(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .Application()
            .ApiKey(_ => new { name = "active" })
            .ApiKey(_ => new { name = "scheduled", not_before = In(600) })
            .ApiKey(_ => new { name = "disabled" })
            .ApiKey(_ => new { name = "revoked" })
            .ApiKey(_ => new { name = "expired", expires_at = "2099-01-01T00:00:00Z" })
            .ApiKey(_ => new { name = "anonymous", anonymous = true })
            .ClientSecret(_ => new { name = "secret" })
            .CreateAsync();
        await admin.PostAsync($"/v1/api-keys/{made.ApiKeys[2].Id}/disable").Expect(200);
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKeys[3].Id}").Expect(204);
        await admin.PatchAsync($"/v1/api-keys/{made.ApiKeys[4].Id}", new { expires_at = In(-1) }).Expect(200);

        await AssertNamesAsync("state=active", "active", "anonymous", "secret");
        await AssertNamesAsync("state=scheduled", "scheduled");
        await AssertNamesAsync("state=disabled", "disabled");
        await AssertNamesAsync("state=revoked", "revoked");
        await AssertNamesAsync("state=expired", "expired");
        await AssertNamesAsync("kind=client_secret", "secret");
        await AssertNamesAsync("kind=anonymous_api_key", "anonymous");
        await AssertNamesAsync("kind=personal_access_token");
        await AssertNamesAsync($"expires_before={In(5)}", "expired");
        await AssertNamesAsync("expires_before=2000-01-01T00:00:00Z");
        await AssertNamesAsync($"kind=api_key&state=active&unused_since={In(60)}", "active");
        await AssertNamesAsync("unused_since=2001-01-01T00:00:00Z"); // made since
        await AssertNamesAsync(
            $"api={Uri.EscapeDataString(made.Api.Identifier)}",
            "active",
            "scheduled",
            "disabled",
            "revoked",
            "expired",
            "secret"
        );
        await AssertNamesAsync("api=https://unregistered.example.com");

        await admin.CodeAsync(made.ApiKeys[0].Secret);
        await EventuallyAsync(
            async () =>
                (await admin.GetAsync($"/v1/api-keys/{made.ApiKeys[0].Id}")).Json.GetProperty("last_used").ValueKind
                != System.Text.Json.JsonValueKind.Null,
            "used"
        );
        var last = (await admin.GetAsync($"/v1/api-keys/{made.ApiKeys[0].Id}")).Text("last_used.at");
        await AssertNamesAsync($"kind=api_key&state=active&unused_since={last}");

        async Task AssertNamesAsync(string filter, params string[] names)
        {
            var listed = await admin.GetAsync($"/v1/credentials?owner={made.Application.Id}&{filter}").Expect(200);
            Assert.Equal(
                names.Order(StringComparer.Ordinal),
                listed
                    .Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("name").GetString()!)
                    .Order(StringComparer.Ordinal)
            );
        }
    }

    [Theory, BothEngines]
    public async Task The_filter_by_API_compares_byte_for_byte(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("case");
        var lower = await admin.CreateApiAsync(["a"], new { identifier = $"https://{name}.example.com/x_%25!" });
        var upper = await admin.CreateApiAsync(["a"], new { identifier = $"https://{name}.example.com/X_%25!" });
        var longer = await admin.CreateApiAsync(["a"], new { identifier = $"https://{name}.example.com/x_%25!/more" });
        var wild = await admin.CreateApiAsync(["a"], new { identifier = $"https://{name}.example.com/xy%25!" });
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var api in new[] { lower, upper, longer, wild })
        {
            var quick = new
            {
                name = "x",
                api = api.Identifier,
                scopes = new[] { "a" },
            };
            keys[api.Identifier] = (await admin.PostAsync("/v1/api-keys", quick).Expect(201)).Text("id");
        }
        foreach (var (identifier, id) in keys)
            Assert.Equal([id], await IdsAsync(admin, $"/v1/credentials?api={Uri.EscapeDataString(identifier)}"));
    }

    [Theory]
    [BothEngines("kind=password", "kind")]
    [BothEngines("state=asleep", "state")]
    [BothEngines("unused_since=yesterday", "unused_since")]
    [BothEngines("expires_before=2099-01-01", "expires_before")]
    [BothEngines("limit=500", "limit")]
    [BothEngines("cursor=%00", "cursor")]
    [BothEngines("owner=a&owner=b", "owner")]
    [BothEngines("colour=red", "colour")]
    public async Task A_filter_that_does_not_fit_is_refused_by_name(Engine engine, string query, string member)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var path in new[] { "/v1/credentials", "/v1/api-keys", "/v1/tokens", "/v1/me/tokens" })
            await admin.GetAsync($"{path}?{query}").ExpectFaultAsync(member);
    }

    [Theory, BothEngines]
    public async Task Who_reads_only_their_own_sees_only_their_own(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var mine = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        var developer = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var application = await developer.Client.PostAsync("/v1/applications", new { name = "own" }).Expect(201);
        var key = await developer.Client.PostAsync($"/v1/applications/{application.Text("id")}/api-keys", new { name = "k" }).Expect(201);

        Assert.Equal([mine.Token.Id], await IdsAsync(mine.Client, "/v1/credentials"));
        Assert.Equal([mine.Token.Id], await IdsAsync(mine.Client, "/v1/tokens"));
        Assert.Equal([mine.Token.Id], await IdsAsync(mine.Client, "/v1/me/tokens"));
        Assert.Empty(await IdsAsync(mine.Client, $"/v1/credentials?owner={developer.Id}"));
        await mine.Client.GetAsync($"/v1/users/{developer.Id}/tokens").Expect(404, "not_found");
        Assert.Equal([key.Text("id"), developer.Token.Id], await IdsAsync(developer.Client, "/v1/credentials"));
        await mine.Client.GetAsync("/v1/api-keys").Expect(403, "insufficient_scope");
    }

    private static async Task<List<string>> IdsAsync(ApiClient client, string path)
    {
        var seen = new List<string>();
        for (
            string? cursor = null, next = path;
            next is not null;
            next = cursor is null ? null : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={cursor}"
        )
        {
            var page = await client.GetAsync(next).Expect(200);
            seen.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }
        return seen;
    }
}
