using Tokenry.Server.Tests.Core.Access;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Operations;

public sealed class IdempotencyTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task The_same_key_and_body_are_answered_the_same_secret_included(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/api-keys";
        var key = Key();
        var first = await admin.PostAsync(collection, new { name = "once" }, key).Expect(201);
        var again = await admin.PostAsync(collection, new { name = "once" }, key).Expect(201);
        Assert.Equal(first.Body, again.Body);
        Assert.Equal(first.Header("Location"), again.Header("Location"));
        Assert.Equal("valid", await admin.CodeAsync(again.Text("token")));
        Assert.Equal(1, (await admin.GetAsync(collection).Expect(200)).Json.GetProperty("items").GetArrayLength());
        var audit = await admin.GetAsync($"/v1/audit?target={first.Text("id")}").Expect(200);
        Assert.Equal(
            ["api_key.replayed", "api_key.created"],
            audit.Json.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("action").GetString())
        );
    }

    [Theory, BothEngines]
    public async Task Every_create_and_rotate_takes_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var user = await admin.PersonAsync();
        var name = CreateRequests.Unique("idempotent");
        foreach (
            var (path, body, status) in new (string, object, int)[]
            {
                ("/v1/api-resources", new { identifier = $"https://{name}.example.com", name }, 201),
                ("/v1/roles", new { name }, 201),
                ("/v1/users", new { email = $"{name}@example.com" }, 201),
                ("/v1/applications", new { name }, 201),
                (
                    "/v1/api-keys",
                    new
                    {
                        name,
                        api = made.Api.Identifier,
                        scopes = new[] { "invoices:read" },
                    },
                    201
                ),
                ($"/v1/applications/{made.Application.Id}/secrets", new { name }, 201),
                ($"/v1/users/{user.Id}/tokens", new { name }, 201),
                ("/v1/me/tokens", new { name }, 201),
                ($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 10 }, 200),
                ($"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}/rotate", new { overlap_seconds = 0 }, 200),
            }
        )
        {
            var key = Key();
            var first = await admin.PostAsync(path, body, key).Expect(status);
            Assert.Equal(first.Body, (await admin.PostAsync(path, body, key).Expect(status)).Body);
        }
    }

    [Theory, BothEngines]
    public async Task Another_body_with_the_same_key_is_a_422(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var key = Key();
        await admin.PostAsync("/v1/applications", """{"name":"a"}""", key).Expect(201);
        await admin.PostAsync("/v1/applications", """{"name":"b"}""", key).Expect(422, "idempotency_key_reused");
        await admin.PostAsync("/v1/applications", """{"name":"a" }""", key).Expect(422, "idempotency_key_reused");
        await admin.PostAsync("/v1/applications", """{"name":"a"}""", key).Expect(201);
    }

    [Theory, BothEngines]
    public async Task A_key_belongs_to_one_principal_and_one_route(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var one = await admin.CallerAsync("applications:write");
        var other = await admin.CallerAsync("applications:write");
        var key = Key();
        var body = new { name = "mine" };
        var first = await one.Client.PostAsync("/v1/applications", body, key).Expect(201);
        var second = await other.Client.PostAsync("/v1/applications", body, key).Expect(201);
        Assert.NotEqual(first.Text("id"), second.Text("id"));
        await admin.PostAsync("/v1/roles", new { name = CreateRequests.Unique("mine") }, key).Expect(201);
        var a = await admin.PostAsync($"/v1/applications/{first.Text("id")}/api-keys", body, key).Expect(201);
        var b = await admin.PostAsync($"/v1/applications/{second.Text("id")}/api-keys", body, key).Expect(201);
        Assert.NotEqual(a.Text("id"), b.Text("id"));
    }

    [Theory, BothEngines]
    public async Task A_secret_is_not_shown_again_to_who_could_not_have_it_made_any_more(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        string[] all = ["credentials:write", "applications:own", "tokens:own", "audit:read"];
        var role = await admin.CreateRoleAsync([At(Management, all)]);
        var caller = await admin.PersonWithTokenAsync([role.Id], At(Management, all));
        Task GrantAsync(params string[] scopes) =>
            admin.PatchAsync($"/v1/roles/{role.Id}", new { permissions = new[] { At(Management, scopes) } }).Expect(200);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/api-keys";
        var (key, ownKey) = (Key(), Key());
        var first = await caller.Client.PostAsync(collection, new { name = "once" }, key).Expect(201);
        var own = new { name = "own", permissions = new[] { At(Management, "tokens:own") } };
        var mine = await caller.Client.PostAsync("/v1/me/tokens", own, ownKey).Expect(201);

        // Less, and still enough for it: as before.
        await GrantAsync("credentials:write", "applications:own", "tokens:own");
        Assert.Equal(first.Body, (await caller.Client.PostAsync(collection, new { name = "once" }, key).Expect(201)).Body);
        await GrantAsync("applications:own", "tokens:own");
        var refused = await caller.Client.PostAsync(collection, new { name = "once" }, key).Expect(404, "not_found");
        Assert.Equal(
            refused.Text("code"),
            (await caller.Client.PostAsync(collection, new { name = "once" }, Key()).Expect(404)).Text("code")
        );
        Assert.Equal(mine.Body, (await caller.Client.PostAsync("/v1/me/tokens", own, ownKey).Expect(201)).Body);
        await GrantAsync(all);
        Assert.Equal(first.Body, (await caller.Client.PostAsync(collection, new { name = "once" }, key).Expect(201)).Body);
        Assert.Equal(1, (await admin.GetAsync(collection).Expect(200)).Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task Requests_in_parallel_make_one_thing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var collection = $"/v1/applications/{application.Id}/api-keys";
        for (var round = 0; round < 5; round++)
        {
            var key = Key();
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(_ => admin.PostAsync(collection, new { name = "parallel" }, key))
            );
            var made = Assert.Single(answers.Where(answer => answer.Status == 201).Select(answer => answer.Body).Distinct());
            Assert.All(answers.Where(answer => answer.Status != 201), answer => answer.Expect(409, "idempotency_in_flight"));
            Assert.Equal(made, (await admin.PostAsync(collection, new { name = "parallel" }, key).Expect(201)).Body);
            Assert.Equal(round + 1, (await admin.GetAsync(collection).Expect(200)).Json.GetProperty("items").GetArrayLength());
        }
    }

    [Theory, BothEngines]
    public async Task A_request_that_failed_is_not_remembered(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var key = Key();
        var name = CreateRequests.Unique("retry");
        var role = await admin.PostAsync("/v1/roles", new { name }).Expect(201);
        await admin.PostAsync("/v1/roles", new { name }, key).Expect(409, "already_exists");
        await admin.DeleteAsync(role.Header("Location")!).Expect(204);
        await admin.PostAsync("/v1/roles", new { name }, key).Expect(201);
    }

    [Theory, BothEngines]
    public async Task Updates_and_deletions_are_not_affected(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var path = $"/v1/applications/{application.Id}";
        var key = Key();
        Assert.Equal("a", (await admin.PatchAsync(path, new { name = "a" }, key).Expect(200)).Text("name"));
        Assert.Equal("b", (await admin.PatchAsync(path, new { name = "b" }, key).Expect(200)).Text("name"));
        await admin.DeleteAsync(path, headers: key).Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_key_is_1_to_255_visible_characters(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var headers = new Dictionary<string, string> { ["Idempotency-Key"] = new string('k', 256) };
        await admin.PostAsync("/v1/applications", new { name = "x" }, headers).ExpectFaultAsync("Idempotency-Key");
        headers["Idempotency-Key"] = CreateRequests.Unique("").PadRight(255, 'k');
        await admin.PostAsync("/v1/applications", new { name = "x" }, headers).Expect(201);
    }

    private static Dictionary<string, string> Key() => new(StringComparer.Ordinal) { ["Idempotency-Key"] = Guid.NewGuid().ToString() };
}
