using System.Text.Json;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.AuditLog;

/// <summary>The audit says what was changed, not only that something was (issue 13, A.7).</summary>
public sealed class AuditChangesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Who_made_Bob_administrator_and_what_was_he_before(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var bob = await admin.PersonAsync(Developer);
        await admin.PatchAsync($"/v1/users/{bob.Id}", new { roles = new[] { Administrator } }).Expect(200);

        var row = Assert.Single(await RowsAsync(admin, bob.Id, "user.updated"));
        Assert.Equal((await admin.GetAsync("/v1/me").Expect(200)).Text("subject"), row.GetProperty("actor").GetString());
        AssertJson($$"""[{"member":"roles","before":["{{Developer}}"],"after":["{{Administrator}}"]}]""", row.GetProperty("changes"));
    }

    [Theory, BothEngines]
    public async Task Each_update_names_the_members_it_changed_and_no_other(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Role().ApiKey().ClientSecret().CreateAsync();
        var user = await admin.PersonAsync();
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id);
        var name = CreateRequests.Unique("changed");
        foreach (
            var (path, id, patch, members) in new (string, string, object, string[])[]
            {
                ("/v1/users", user.Id, new { name, email = name + "@example.com" }, ["email", "name"]),
                (
                    "/v1/roles",
                    made.Role.Id,
                    new { description = "other", permissions = Array.Empty<object>() },
                    ["description", "permissions"]
                ),
                ("/v1/applications", made.Application.Id, new { name, roles = Array.Empty<string>() }, ["name", "roles"]),
                (
                    "/v1/api-resources",
                    made.Api.Id,
                    new { name, access_token_lifetime_seconds = 60 },
                    ["access_token_lifetime_seconds", "name"]
                ),
                (
                    "/v1/api-keys",
                    made.ApiKey.Id,
                    new { allowed_ips = new[] { "10.0.0.0/8" }, metadata = new { a = 1 } },
                    ["allowed_ips", "metadata"]
                ),
                ($"/v1/applications/{made.Application.Id}/secrets", made.ClientSecret.Id, new { name }, ["name"]),
                ($"/v1/users/{user.Id}/tokens", token.Id, new { name }, ["name"]),
            }
        )
        {
            await admin.PatchAsync($"{path}/{id}", patch).Expect(200);
            var changes = (await UpdatedAsync(admin, id)).GetProperty("changes");
            Assert.Equal(
                members,
                changes.EnumerateArray().Select(change => change.GetProperty("member").GetString()!).Order(StringComparer.Ordinal)
            );
            Assert.All(changes.EnumerateArray(), change => AssertMembers(change, "member", "before", "after"));

            // The same once more changes nothing.
            await admin.PatchAsync($"{path}/{id}", patch).Expect(200);
            Assert.Equal(JsonValueKind.Null, (await UpdatedAsync(admin, id)).GetProperty("changes").ValueKind);
        }

        await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/disable").Expect(200);
        await ChangedAsync("api_key.disabled", made.ApiKey.Id, """[{"member":"state","before":"active","after":"disabled"}]""");
        await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/enable").Expect(200);
        await ChangedAsync("api_key.enabled", made.ApiKey.Id, """[{"member":"state","before":"disabled","after":"active"}]""");
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        await ChangedAsync("user.disabled", user.Id, """[{"member":"enabled","before":true,"after":false}]""");

        async Task ChangedAsync(string action, string id, string changes) =>
            AssertJson(changes, Assert.Single(await RowsAsync(admin, id, action)).GetProperty("changes"));
    }

    /// <summary>Names and e-mail addresses are readable until they are erased; the chain holds pseudonyms.</summary>
    [Theory, BothEngines]
    public async Task Personal_data_are_beside_the_chain_and_gone_with_their_user(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var server = await servers.GetAsync(engine);
        var user = await admin.PersonAsync();
        var email = CreateRequests.Unique("bob") + "@example.com";
        await admin.PatchAsync($"/v1/users/{user.Id}", new { email }).Expect(200);
        var change = (await UpdatedAsync(admin, user.Id)).GetProperty("changes")[0];
        Assert.Equal(("email", email), (change.GetProperty("member").GetString(), change.GetProperty("after").GetString()));
        var stored = await server.ScalarAsync<string>(
            $"SELECT changes FROM audit_events WHERE target_id = '{user.Id}' AND action = 'user.updated'"
        );
        Assert.DoesNotContain(email, stored, StringComparison.Ordinal);

        await admin.DeleteAsync($"/v1/users/{user.Id}").Expect(204);
        change = (await UpdatedAsync(admin, user.Id)).GetProperty("changes")[0];
        Assert.Matches("^[0-9a-f]{32}$", change.GetProperty("after").GetProperty("pseudonym").GetString()!);
        Assert.Equal(0, await server.ScalarAsync<long>($"SELECT count(*) FROM audit_events WHERE personal LIKE '%{email}%'"));
    }

    [Theory, BothEngines]
    public async Task The_replay_of_a_secret_is_an_event(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var key = new Dictionary<string, string>(StringComparer.Ordinal) { ["Idempotency-Key"] = Guid.NewGuid().ToString() };
        var path = $"/v1/applications/{application.Id}/api-keys";
        var made = await admin.PostAsync(path, new { name = "once" }, key).Expect(201);
        var again = await admin.PostAsync(path, new { name = "once" }, key).Expect(201);
        Assert.Equal(made.Text("token"), again.Text("token"));
        var row = Assert.Single(await RowsAsync(admin, made.Text("id"), "api_key.replayed"));
        Assert.Equal(("success", "api_key.created"), (row.GetProperty("result").GetString(), row.GetProperty("reason").GetString()));
        Assert.Equal(again.Header("X-Request-Id"), row.GetProperty("request_id").GetString());

        // What has no secret is answered again, and that is all.
        await admin.PostAsync("/v1/applications", new { name = "twice" }, key).Expect(201);
        var second = await admin.PostAsync("/v1/applications", new { name = "twice" }, key).Expect(201);
        Assert.DoesNotContain(
            "replayed",
            (await admin.GetAsync($"/v1/audit?target={second.Text("id")}").Expect(200)).Body,
            StringComparison.Ordinal
        );
    }

    private static async Task<JsonElement> UpdatedAsync(ApiClient admin, string id)
    {
        var page = await admin.GetAsync($"/v1/audit?target={id}").Expect(200);
        return page
            .Json.GetProperty("items")
            .EnumerateArray()
            .First(row => row.GetProperty("action").GetString()!.EndsWith(".updated", StringComparison.Ordinal));
    }

    private static async Task<JsonElement[]> RowsAsync(ApiClient admin, string id, string action) =>
        [.. (await admin.GetAsync($"/v1/audit?target={id}&action={action}").Expect(200)).Json.GetProperty("items").EnumerateArray()];
}
