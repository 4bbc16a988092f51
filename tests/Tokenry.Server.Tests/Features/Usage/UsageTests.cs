using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Usage;

/// <summary>Counters, access log and the report about one credential, read back through the API.</summary>
public sealed class UsageTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Uses_are_counted_exactly_by_credential_API_scopes_and_code(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b", "c").Role("a", "b").ApiKey().ClientSecret().CreateAsync();
        var api = made.Api.Identifier;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => admin.CodeAsync(made.ApiKey.Secret, api, ["a", "b"])));
        for (var i = 0; i < 3; i++)
            await admin.CodeAsync(made.ApiKey.Secret, api, ["c"]);
        await admin.CodeAsync(made.ApiKey.Secret, api, ["not-a-scope-of-it"]);
        await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret))
            .Expect(200);

        foreach (var span in new[] { "minute", "hour" })
        {
            var path = $"/v1/usage?span={span}&api={api}&from={In(-7200)}";
            await EventuallyAsync(async () => await SumAsync(admin, path) == 45, $"45 uses by {span}");
            Assert.Equal(40, await SumAsync(admin, $"{path}&code=valid"));
            Assert.Equal(40, await SumAsync(admin, $"{path}&scope=b&code=valid"));
            Assert.Equal(3, await SumAsync(admin, $"{path}&scope=c"));
            Assert.Equal(4, await SumAsync(admin, $"{path}&code=insufficient_scope"));
            Assert.Equal(1, await SumAsync(admin, $"{path}&code=issued&credential={made.ClientSecret.Id}"));
            Assert.Equal(45, await SumAsync(admin, $"{path}&subject={made.Application.Id}"));
            Assert.Equal(0, await SumAsync(admin, $"{path}&scope=not-a-scope-of-it")); // else anybody could fill the table with words
        }

        var grouped = await admin.GetAsync($"/v1/usage?api={api}&group=code&from={In(-7200)}").Expect(200);
        Assert.All(grouped.Json.GetProperty("items").EnumerateArray(), item => AssertMembers(item, "at", "code", "count"));
    }

    [Theory, BothEngines]
    public async Task Pages_of_counts_leave_nothing_out_and_repeat_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var scopes = Enumerable.Range(0, 12).Select(i => $"s{i}").ToArray();
        var made = await Scenario.On(admin).Api(scopes).Role().ApiKey().CreateAsync();
        foreach (var scope in scopes)
            await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, [scope]);
        var path = $"/v1/usage?api={made.Api.Identifier}&span=hour&group=credential,scope&from={In(-7200)}&limit=5";
        await EventuallyAsync(async () => await SumAsync(admin, path) == 12, "12 uses over all pages");
        var seen = (await ItemsAsync(admin, path)).Select(item => item.GetProperty("scope").GetString()!).ToList();
        Assert.Equal(scopes.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        foreach (var cursor in new[] { "x", "W10", "WzFd", "bnVsbA", "W251bGwsMSwyLDMsNCw1XQ", "%F0%9F%92%A9" })
            await admin.GetAsync($"{path}&cursor={cursor}").ExpectFaultAsync("cursor");
        foreach (var time in new[] { "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z" })
            Assert.InRange((await admin.GetAsync($"/v1/usage?to={time}")).Status, 200, 400);
        await admin.GetAsync("/v1/usage?group=nonsense").ExpectFaultAsync("group");
        await admin.GetAsync("/v1/usage?span=day").ExpectFaultAsync("span");
        foreach (var (span, longest) in new[] { ("minute", 2 * 86_400), ("hour", 31 * 86_400) })
        {
            await admin.GetAsync($"/v1/usage?span={span}&from={In(7200 - longest)}&to={In(0)}").Expect(200);
            await admin.GetAsync($"/v1/usage?span={span}&from={In(-7200 - longest)}&to={In(0)}").ExpectFaultAsync("from");
        }
    }

    [Theory, BothEngines]
    public async Task The_level_of_an_API_says_what_is_kept_one_by_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (
            var (level, expected) in new (string?, string[])[]
            {
                (null, ["insufficient_scope"]),
                ("none", []),
                ("all", ["insufficient_scope", "issued", "valid"]),
            }
        )
        {
            var made = await Scenario
                .On(admin)
                .Api(_ => new { access_log = level ?? "denials", object_types = new[] { "invoice" } }, "a", "b")
                .Role("a")
                .ApiKey()
                .ClientSecret()
                .CreateAsync();
            var api = made.Api.Identifier;
            await admin.PostAsync("/v1/verify", Asked(made, "a")).Expect(200);
            await admin.PostAsync("/v1/verify", Asked(made, "b")).Expect(200);
            var token = await admin
                .With(null)
                .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret))
                .Expect(200);
            // What is not kept must stay away: another use, which is, tells that this one would have been written.
            await EventuallyAsync(async () => await SumAsync(admin, $"/v1/usage?api={api}&from={In(-7200)}") == 3, "counted");
            await EventuallyAsync(
                async () => (await LogAsync(admin, $"api={api}")).Count == expected.Length,
                $"{expected.Length} entries with {level}"
            );
            var log = await LogAsync(admin, $"api={api}");
            Assert.Equal(expected, log.Select(entry => entry.GetProperty("result").GetString()!).Order(StringComparer.Ordinal));
            if (level != "all")
                continue;
            var use = Assert.Single(await LogAsync(admin, $"api={api}&result=valid"));
            AssertJson(
                $$"""
                {"id":"{{use.GetProperty("id").GetString()}}","at":"{{use.GetProperty("at").GetString()}}","door":"verify",
                 "credential_id":"{{made.ApiKey.Id}}","kind":"api_key","subject":"{{made.Application.Id}}","api":"{{api}}","scope":"a",
                 "object":"invoice:4711","method":"GET","path":"/invoices/4711","result":"valid","ip":"203.0.113.7","agent":null,
                 "request_id":"{{use.GetProperty(
                        "request_id"
                    ).GetString()}}","token_id":null,"actor":null,"grant_type":null,"auth_method":null,"bound_by":null}
                """,
                use
            );
            var issued = Assert.Single(await LogAsync(admin, $"api={api}&door=token"));
            Assert.Equal(Claim(token.Text("access_token"), "jti"), issued.GetProperty("token_id").GetString());
            Assert.Equal(made.ClientSecret.Id, issued.GetProperty("credential_id").GetString());
        }

        static object Asked(Created made, string scope) =>
            new
            {
                token = made.ApiKey.Secret,
                api = made.Api.Identifier,
                scopes = new[] { scope },
                @object = "invoice:4711",
                ip = "203.0.113.7",
                method = "GET",
                path = "/invoices/4711?view=full",
            };
    }

    [Theory, BothEngines]
    public async Task The_log_is_newest_first_and_pages_and_filters_by_time(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => new { access_log = "all" }, "a").Role().ApiKey().CreateAsync();
        for (var i = 0; i < 7; i++)
            await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier);
        var filter = $"credential={made.ApiKey.Id}";
        await EventuallyAsync(async () => (await LogAsync(admin, filter)).Count == 7, "7 entries");
        var ids = (await LogAsync(admin, $"{filter}&limit=3")).Select(entry => entry.GetProperty("id").GetString()!).ToList();
        Assert.Equal(7, ids.Distinct().Count());
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), ids);
        Assert.Empty(await LogAsync(admin, $"{filter}&to={In(-60)}"));
        Assert.Equal(7, (await LogAsync(admin, $"{filter}&from={In(-60)}&to={In(60)}")).Count);
        await admin.GetAsync("/v1/access-log?cursor=key_0000000000000000000000").ExpectFaultAsync("cursor");
    }

    [Theory, BothEngines]
    public async Task Ones_own_use_is_seen_with_ones_own_scope_and_nobody_elses(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { access_log = "all" }, "a")
            .Role()
            .User()
            .PersonalAccessToken()
            .User()
            .PersonalAccessToken()
            .CreateAsync();
        foreach (var token in made.PersonalAccessTokens)
            await admin.CodeAsync(token.Secret, made.Api.Identifier);
        var viewing = await admin.CreatePersonalAccessTokenAsync(
            made.Users[0].Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } } }
        );
        var own = admin.With(viewing.Secret);
        await EventuallyAsync(async () => (await LogAsync(own, $"api={made.Api.Identifier}")).Count == 1, "one's own entry");
        var entry = Assert.Single(await LogAsync(own, $"api={made.Api.Identifier}"));
        Assert.Equal(made.PersonalAccessTokens[0].Id, entry.GetProperty("credential_id").GetString());
        Assert.Equal(1, await SumAsync(own, $"/v1/usage?api={made.Api.Identifier}&from={In(-7200)}"));
        await own.GetAsync($"/v1/credentials/{made.PersonalAccessTokens[0].Id}/uses").Expect(200);
        await own.GetAsync($"/v1/credentials/{made.PersonalAccessTokens[1].Id}/uses").Expect(404, "not_found");
    }

    /// <summary>Found by review: what is one's own by one scope was shown by the other too.</summary>
    [Theory, BothEngines]
    public async Task The_scope_for_ones_own_tokens_does_not_show_ones_applications(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { access_log = "all" }, "a")
            .Role()
            .ManagementRole("applications:own")
            .User()
            .CreateAsync();
        var by = new Dictionary<string, ApiClient>(StringComparer.Ordinal);
        foreach (var scope in new[] { "tokens:own", "applications:own" })
        {
            var token = await admin.CreatePersonalAccessTokenAsync(
                made.User.Id,
                new
                {
                    permissions = new[]
                    {
                        new { api = "urn:tokenry:management", scopes = new[] { scope } },
                        new { api = made.Api.Identifier, scopes = new[] { "a" } },
                    },
                }
            );
            by[scope] = admin.With(token.Secret);
        }

        var application = await by["applications:own"].CreateApplicationAsync([made.Roles[0].Id]);
        var key = await admin.CreateApiKeyAsync(application.Id);
        await admin.CodeAsync(key.Secret, made.Api.Identifier);
        await admin.CodeAsync(by["tokens:own"].Bearer!, made.Api.Identifier);
        foreach (var (scope, kind) in new[] { ("tokens:own", "personal_access_token"), ("applications:own", "api_key") })
        {
            await EventuallyAsync(async () => (await LogAsync(by[scope], $"api={made.Api.Identifier}")).Count == 1, scope);
            var entry = Assert.Single(await LogAsync(by[scope], $"api={made.Api.Identifier}"));
            Assert.Equal(kind, entry.GetProperty("kind").GetString());
        }
    }

    [Theory, BothEngines]
    public async Task The_report_about_a_credential_has_all_it_did_since(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => new { access_log = "all" }, "a", "b").Role("a").ApiKey().CreateAsync();
        var api = made.Api.Identifier;
        await admin.CodeAsync(made.ApiKey.Secret, api, ["a"], ip: "203.0.113.7");
        await admin.CodeAsync(made.ApiKey.Secret, api, ["a"], ip: "198.51.100.9");
        await admin.CodeAsync(made.ApiKey.Secret, api, ["b"], ip: "198.51.100.9");
        await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/disable").Expect(200);
        var path = $"/v1/credentials/{made.ApiKey.Id}/uses?since={In(-3600)}";
        await EventuallyAsync(
            async () =>
                (await admin.GetAsync(path).Expect(200)).Json is var report
                && report.GetProperty("entries").GetArrayLength() == 3
                && report.GetProperty("networks").GetArrayLength() == 2
                && report.GetProperty("usage").EnumerateArray().Sum(hour => hour.GetProperty("count").GetInt64()) == 3, // counts are written before entries
            "three uses from two networks"
        );
        var json = (await admin.GetAsync(path).Expect(200)).Json;
        Assert.Equal("disabled", json.GetProperty("credential").GetProperty("state").GetString());
        Assert.Equal(3, json.GetProperty("usage").EnumerateArray().Sum(hour => hour.GetProperty("count").GetInt64()));
        Assert.Equal(
            ["198.51.100.0/24", "203.0.113.0/24"],
            json.GetProperty("networks").EnumerateArray().Select(network => network.GetProperty("network").GetString()!).Order()
        );
        Assert.Equal(
            ["api_key.disabled", "api_key.created"],
            json.GetProperty("deeds")
                .EnumerateArray()
                .Select(deed => deed.GetProperty("action").GetString()!)
                .Where(action => action.StartsWith("api_key", StringComparison.Ordinal))
        );
        Assert.DoesNotContain(made.ApiKey.Secret, json.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(
            0,
            (await admin.GetAsync($"/v1/credentials/{made.ApiKey.Id}/uses?since={In(3600)}").Expect(200))
                .Json.GetProperty("entries")
                .GetArrayLength()
        );
    }

    /// <summary>Found by review: half a character at the cut was taken by no PostgreSQL, and a whole chunk of entries was lost with it.</summary>
    [Theory, BothEngines]
    public async Task A_path_is_never_cut_inside_a_character(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => new { access_log = "all" }, "a").Role().ApiKey().CreateAsync();
        foreach (var length in new[] { 497, 498, 499, 500 })
        {
            var path = "/" + new string('x', length - 1) + "😀😀";
            await admin
                .PostAsync(
                    "/v1/verify",
                    new
                    {
                        token = made.ApiKey.Secret,
                        path,
                        api = made.Api.Identifier,
                    }
                )
                .Expect(200);
        }

        await EventuallyAsync(async () => (await LogAsync(admin, $"credential={made.ApiKey.Id}")).Count == 4, "all written");
    }

    /// <summary>Found by review: many long scopes made one index row that PostgreSQL refuses, and lost what was counted beside it.</summary>
    [Theory, BothEngines]
    public async Task Many_long_scopes_are_counted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var scopes = Enumerable.Range(0, 60).Select(i => $"{i}:{new string('s', 190)}").ToArray();
        var made = await Scenario.On(admin).Api(scopes).Role().ApiKey().CreateAsync();
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, scopes);
        await EventuallyAsync(
            async () => await SumAsync(admin, $"/v1/usage?api={made.Api.Identifier}&from={In(-7200)}") == 1,
            "counted once"
        );
        var byScope = await ItemsAsync(admin, $"/v1/usage?api={made.Api.Identifier}&group=scope&from={In(-7200)}");
        Assert.Equal(20, byScope.Count);
    }

    [Theory, BothEngines]
    public async Task A_secret_in_a_path_or_method_is_not_written_down(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => new { access_log = "all" }, "a").Role().ApiKey().CreateAsync();
        var body = new
        {
            token = made.ApiKey.Secret,
            api = made.Api.Identifier,
            path = $"/hooks/{made.ApiKey.Secret}/x?key={made.ApiKey.Secret}",
        };
        await admin.PostAsync("/v1/verify", body).Expect(200);
        await EventuallyAsync(async () => (await LogAsync(admin, $"credential={made.ApiKey.Id}")).Count == 1, "written");
        Assert.Equal("/hooks/tkr_***/x", (await LogAsync(admin, $"credential={made.ApiKey.Id}"))[0].GetProperty("path").GetString());
    }

    private static async Task<long> SumAsync(ApiClient client, string path) =>
        (await ItemsAsync(client, path)).Sum(item => item.GetProperty("count").GetInt64());

    private static Task<List<JsonElement>> LogAsync(ApiClient client, string filter) => ItemsAsync(client, $"/v1/access-log?{filter}");

    private static async Task<List<JsonElement>> ItemsAsync(ApiClient client, string path)
    {
        var items = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = (await client.GetAsync(cursor is null ? path : $"{path}&cursor={cursor}").Expect(200)).Json;
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
        } while (cursor is not null);
        return items;
    }

    private static string? Claim(string jwt, string name) =>
        JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(jwt.Split('.')[1])).RootElement.GetProperty(name).GetString();
}
