using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Access;

/// <summary>C.2: who would gain and lose by a change of rights, before it is made.</summary>
[Collection(AloneCollection.Name)]
public sealed class DryRunTests(SharedServers servers)
{
    /// <summary>Each change is run dry, then made with the number of gains that was told; what credentials can do is looked at around it.</summary>
    [Theory, BothEngines]
    public async Task C2_a_dry_run_names_exactly_the_credentials_that_gain_and_lose(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a", "b").CreateAsync();
        var (api, role) = (made.Api.Identifier, made.Role.Id);
        var both = new[] { At(api, "a", "b") };
        var user = await admin.PersonAsync(Developer, role);
        var owned = await admin.CreateApplicationAsync([role]);
        await admin.PostAsync($"/v1/applications/{owned.Id}/transfer", new { owner = user.Id }).Expect(200);
        var machine = await admin.CreateApplicationAsync([], new { permissions = both });
        var keys = new Dictionary<string, string>();
        await KeepAsync(admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions = both }));
        await KeepAsync(admin.CreateApiKeyAsync(owned.Id, new { permissions = new[] { At(api, "a") } }));
        await KeepAsync(admin.CreateApiKeyAsync(owned.Id, new { permissions = both }));
        await KeepAsync(admin.CreateApiKeyAsync(machine.Id, new { permissions = both }));
        var disabled = await admin.CreateApiKeyAsync(machine.Id, new { permissions = both });
        await admin.PostAsync($"/v1/api-keys/{disabled.Id}/disable").Expect(200);
        await KeepAsync(Task.FromResult(disabled));
        var heir = await admin.PersonAsync();

        var (users, applications) = ($"/v1/users/{user.Id}", $"/v1/applications/{owned.Id}");
        foreach (
            var (method, path, body) in new (HttpMethod, string, object?)[]
            {
                (HttpMethod.Patch, $"/v1/roles/{role}", new { permissions = new[] { At(api, "a") } }),
                (HttpMethod.Patch, $"/v1/roles/{role}", new { name = CreateRequests.Unique("same rights") }),
                (HttpMethod.Patch, $"/v1/roles/{role}", new { permissions = both }),
                (HttpMethod.Patch, users, new { roles = new[] { Developer } }),
                (HttpMethod.Patch, users, new { roles = new[] { Developer, role } }),
                (HttpMethod.Post, users + "/disable", null),
                (HttpMethod.Post, users + "/enable", null),
                (HttpMethod.Patch, applications, new { roles = Array.Empty<string>(), permissions = new[] { At(api, "b") } }),
                (HttpMethod.Patch, applications, new { permissions = both }),
                (HttpMethod.Post, applications + "/transfer", new { owner = heir.Id }),
                (HttpMethod.Post, applications + "/transfer", new { owner = (string?)null }),
                (HttpMethod.Post, $"/v1/applications/{machine.Id}/disable", null),
                (HttpMethod.Post, $"/v1/applications/{machine.Id}/enable", null),
                (HttpMethod.Patch, $"/v1/api-resources/{made.Api.Id}", new { accepted_credentials = new[] { "personal_access_token" } }),
                (HttpMethod.Patch, $"/v1/api-resources/{made.Api.Id}", new { accepted_credentials = (object?)null }),
                (HttpMethod.Patch, $"/v1/api-resources/{made.Api.Id}", new { scopes = new[] { new { name = "a" } } }),
                (HttpMethod.Delete, $"/v1/applications/{machine.Id}", null),
                (HttpMethod.Delete, users, null),
            }
        )
        {
            var before = await LookAsync();
            var told = (await admin.SendAsync(method, path + "?dry_run=true", body)).Expect(200);
            Assert.Equal(before, await LookAsync());
            var gains = told.Json.GetProperty("gains").GetProperty("count").GetInt64();
            foreach (var wrong in new[] { gains + 1, gains - 1 }.Where(wrong => wrong >= 0))
            {
                var refusal = (await admin.SendAsync(method, path, body, Expecting(wrong))).Expect(409, "gains_differ");
                Assert.Equal(told.Json.GetProperty("gains").GetRawText(), refusal.Json.GetProperty("gains").GetRawText());
                Assert.Equal(told.Json.GetProperty("loses").GetRawText(), refusal.Json.GetProperty("loses").GetRawText());
            }

            Assert.Equal(before, await LookAsync());
            var answer = await admin.SendAsync(method, path, body, Expecting(gains));
            Assert.True(answer.Status is 200 or 204, $"{method} {path}: {answer.Status} {answer.Body}");
            var after = await LookAsync();
            Assert.Equal((Difference(before, after), Difference(after, before)), (Told(told, "gains"), Told(told, "loses")));
        }

        async Task KeepAsync(Task<CreatedCredential> creating)
        {
            var created = await creating;
            keys[created.Id] = created.Secret;
        }

        async Task<SortedDictionary<string, string[]>> LookAsync()
        {
            var rights = new SortedDictionary<string, string[]>(StringComparer.Ordinal);
            foreach (var (id, secret) in keys)
            {
                var verified = await admin.VerifyAsync(secret, api).Expect(200);
                rights[id] =
                    verified.Json.TryGetProperty("scopes", out var scopes)
                    && scopes.ValueKind == JsonValueKind.Array
                    && verified.Text("code") == "valid"
                        ? Strings(scopes)
                        : [];
            }
            return rights;
        }
    }

    [Theory, BothEngines]
    public async Task C2_what_authenticates_a_client_counts_by_what_it_buys(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a", "b")
            .Role("a")
            .Application()
            .ClientSecret()
            .ApiKey(_ => new { anonymous = true })
            .CreateAsync();
        var told = await admin
            .PatchAsync($"/v1/roles/{made.Role.Id}?dry_run=true", new { permissions = new[] { At(made.Api.Identifier, "a", "b") } })
            .Expect(200);
        var item = Assert.Single(told.Json.GetProperty("gains").GetProperty("items").EnumerateArray());
        AssertJson(
            $$"""
            {"credential_id":"{{made.ClientSecret.Id}}","kind":"client_secret","owner":{"type":"application","id":"{{made.Application.Id}}"},
             "api":"{{made.Api.Identifier}}","scopes":["b"]}
            """,
            item
        );
    }

    [Theory, BothEngines]
    public async Task C2_more_than_two_hundred_are_counted_and_the_first_are_listed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").Application().CreateAsync();
        foreach (var chunk in Enumerable.Range(0, 203).Chunk(29))
        {
            await Task.WhenAll(
                chunk.Select(_ =>
                    admin.CreateApiKeyAsync(made.Application.Id, new { permissions = new[] { At(made.Api.Identifier, "a") } })
                )
            );
        }

        var told = await admin.PatchAsync($"/v1/roles/{made.Role.Id}?dry_run=true", """{"permissions":[]}""").Expect(200);
        Assert.Equal(203, told.Json.GetProperty("loses").GetProperty("count").GetInt64());
        Assert.Equal(200, told.Json.GetProperty("loses").GetProperty("items").GetArrayLength());
        Assert.Equal(0, told.Json.GetProperty("gains").GetProperty("count").GetInt64());
    }

    [Theory, BothEngines]
    public async Task C2_a_dry_run_is_refused_where_the_change_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        await admin.PatchAsync($"/v1/roles/{role.Id}?dry_run=true", """{"name":""}""").ExpectFaultAsync("name");
        await admin.PatchAsync("/v1/roles/rol_0000000000000000000009?dry_run=true", """{"name":"x"}""").Expect(404, "not_found");
        await admin.PostAsync("/v1/roles?dry_run=true", new { name = role.Response.Text("name") }).Expect(409, "already_exists");
        var reader = await admin.CallerAsync("roles:read");
        await reader.Client.PatchAsync($"/v1/roles/{role.Id}?dry_run=true", """{"name":"x"}""").Expect(403, "insufficient_scope");
        await admin.With(null).PatchAsync($"/v1/roles/{role.Id}?dry_run=true", """{"name":"x"}""").Expect(401);
        var fresh = CreateRequests.Unique("dry");
        await admin.PostAsync("/v1/roles?dry_run=true", new { name = fresh }).Expect(200);
        await admin.PostAsync("/v1/roles", new { name = fresh }, Expecting(1)).Expect(409, "gains_differ");
        await admin.PostAsync("/v1/roles", new { name = fresh }, Expecting(0)).Expect(201);
    }

    /// <summary>A key is made while a role is widened for the keys that there were: whichever is first, the number is true when it commits.</summary>
    [Theory, BothEngines]
    public async Task C2_gains_differ_also_when_the_world_changed_between(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        for (var round = 0; round < 12; round++)
        {
            var made = await Scenario.On(admin).Api("a").Role("a").Application().CreateAsync();
            object wide = new { permissions = new[] { At(made.Api.Identifier, "a") } };
            await admin.CreateApiKeyAsync(made.Application.Id, wide);
            var second = await admin.CreateApiKeyAsync(made.Application.Id, wide);
            await admin.PostAsync($"/v1/api-keys/{second.Id}/disable").Expect(200);
            await admin.PatchAsync($"/v1/roles/{made.Role.Id}", """{"permissions":[]}""").Expect(200);
            var answers = await Task.WhenAll(
                admin.PatchAsync($"/v1/roles/{made.Role.Id}", wide, Expecting(1)),
                admin.PostAsync($"/v1/api-keys/{second.Id}/enable")
            );
            answers[1].Expect(200);
            var (widened, enabled) = (await SequenceAsync("role.updated", made.Role.Id), await SequenceAsync("api_key.enabled", second.Id));
            if (answers[0].Status == 200)
            {
                Assert.True(widened < enabled, "the role was widened for two keys when one was expected");
                continue;
            }

            var refusal = answers[0].Expect(409, "gains_differ");
            Assert.Equal(2, refusal.Json.GetProperty("gains").GetProperty("count").GetInt64());
        }

        async Task<long> SequenceAsync(string action, string target)
        {
            var page = await admin.GetAsync($"/v1/audit?target={target}&action={action}&limit=1").Expect(200);
            return page.Json.GetProperty("items")[0].GetProperty("seq").GetInt64();
        }
    }

    /// <summary>Whoever is demoted may change what is theirs as often as they like meanwhile.</summary>
    [Theory, BothEngines]
    public async Task C2_nobody_holds_up_their_demotion_by_being_busy(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").Application().CreateAsync();
        var user = await admin.CallerAsync("tokens:own");
        await BusyAsync(
            user.Client,
            "/v1/me/tokens",
            _ => new { name = CreateRequests.Unique("busy"), permissions = new[] { At("tokenry", "tokens:own") } },
            () => admin.PatchAsync($"/v1/users/{user.Id}", """{"roles":[]}""", Expecting(0)).Expect(200)
        );
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", """{"permissions":[]}""", Expecting(0)).Expect(200);
    }

    [Theory, BothEngines]
    public async Task C2_what_others_make_is_not_in_the_way_of_a_change_that_widens(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").Application().CreateAsync();
        var other = await Scenario.On(admin).Api("a").Role("a").Application().CreateAsync();
        object wide = new { permissions = new[] { At(made.Api.Identifier, "a") } };
        await admin.CreateApiKeyAsync(made.Application.Id, wide);
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", """{"permissions":[]}""").Expect(200);
        await BusyAsync(
            admin,
            $"/v1/applications/{other.Application.Id}/api-keys",
            _ => new { name = "busy" },
            () => admin.PatchAsync($"/v1/roles/{made.Role.Id}", wide, Expecting(1)).Expect(200)
        );
    }

    [Theory, BothEngines]
    public async Task Many_that_change_the_catalog_at_once_all_succeed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 80).Select(_ => admin.PostAsync("/v1/roles", new { name = CreateRequests.Unique("many") }))
        );
        Assert.All(answers, answer => answer.Expect(201));
    }

    /// <summary>Does something while four loops create without a pause.</summary>
    private static async Task BusyAsync(ApiClient client, string path, Func<int, object> body, Func<Task> act)
    {
        using var enough = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loops = Enumerable
            .Range(0, 4)
            .Select(loop =>
                Task.Run(async () =>
                {
                    // Bounded, in case that what is waited for never happens.
                    for (var i = 0; i < 2000 && !enough.IsCancellationRequested; i++)
                    {
                        await client.PostAsync(path, body(i));
                        begun.TrySetResult();
                    }
                })
            )
            .ToArray();
        await begun.Task;
        await act();
        await enough.CancelAsync();
        await Task.WhenAll(loops);
    }

    [Fact]
    public async Task C2_the_header_can_be_demanded()
    {
        await using var server = await ServerProcess.StartAsync(
            Engine.Sqlite,
            new ServerOptions { Settings = new Dictionary<string, string?> { ["Tokenry:Rights:ExpectGains"] = "true" } }
        );
        var admin = await server.AdminAsync();
        await admin.PostAsync("/v1/roles", new { name = "x" }).Expect(428, "expect_gains_required");
        var role = await admin.PostAsync("/v1/roles", new { name = "x" }, Expecting(0)).Expect(201);
        var path = $"/v1/roles/{role.Text("id")}";
        await admin.PatchAsync(path, new { name = "y" }).Expect(428, "expect_gains_required");
        await admin.PatchAsync(path + "?dry_run=true", new { name = "y" }).Expect(200);
        await admin.PatchAsync(path + "?dry_run=false", new { name = "y" }).Expect(428, "expect_gains_required");
        await admin.PatchAsync(path, new { name = "y" }, Expecting(0)).Expect(200);
        await admin.DeleteAsync(path).Expect(428, "expect_gains_required");
        await admin.DeleteAsync(path, headers: Expecting(0)).Expect(204);
        await admin.PostAsync("/v1/users", new { email = "x@example.com" }).Expect(201); // makes only
    }

    private static Dictionary<string, string> Expecting(long gains) =>
        new() { ["Tokenry-Expect-Gains"] = gains.ToString(System.Globalization.CultureInfo.InvariantCulture) };

    /// <summary>What is in the second and not in the first, a line a credential.</summary>
    private static string Difference(SortedDictionary<string, string[]> from, SortedDictionary<string, string[]> to) =>
        string.Join(
            '\n',
            to.Select(entry => (entry.Key, Scopes: entry.Value.Except(from[entry.Key]).ToArray()))
                .Where(entry => entry.Scopes.Length > 0)
                .Select(entry => $"{entry.Key} {string.Join(' ', entry.Scopes)}")
        );

    private static string Told(ApiResponse answer, string side)
    {
        var items = answer.Json.GetProperty(side).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(items.Count, answer.Json.GetProperty(side).GetProperty("count").GetInt64());
        return string.Join(
            '\n',
            items
                .Select(item => $"{item.GetProperty("credential_id").GetString()} {string.Join(' ', Strings(item.GetProperty("scopes")))}")
                .Order(StringComparer.Ordinal)
        );
    }
}
