using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.AuditLog;

/// <summary>Every mutation is one row at once; refusals and reads are counted (<see cref="CountedEventsTests"/>).</summary>
public sealed class AuditTrailTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Each_mutation_is_exactly_one_row(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var who = await admin.GetAsync("/v1/me").Expect(200);
        var name = CreateRequests.Unique("audited");
        var headers = new Dictionary<string, string> { ["User-Agent"] = "audit-test/1" };

        var api = await PostAsync(
            "/v1/api-resources",
            new
            {
                identifier = $"https://{name}.example.com",
                name,
                scopes = new[] { new { name = "a" } },
            }
        );
        await OneAsync(api, "api_resource.created", "api_resource", api.Text("id"));
        await PatchAsync($"/v1/api-resources/{api.Text("id")}", "api_resource.updated", "api_resource");
        var role = await PostAsync("/v1/roles", new { name, permissions = new[] { At(api.Text("identifier"), "a") } });
        await OneAsync(role, "role.created", "role", role.Text("id"));
        await PatchAsync($"/v1/roles/{role.Text("id")}", "role.updated", "role");
        var user = await PostAsync("/v1/users", new { email = $"{name}@example.com" });
        await OneAsync(user, "user.created", "user", user.Text("id"));
        await PatchAsync($"/v1/users/{user.Text("id")}", "user.updated", "user");
        var application = await PostAsync("/v1/applications", new { name });
        await OneAsync(application, "application.created", "application", application.Text("id"));
        await PatchAsync($"/v1/applications/{application.Text("id")}", "application.updated", "application");

        await LifeAsync($"/v1/applications/{application.Text("id")}/api-keys", "api_key");
        await LifeAsync($"/v1/applications/{application.Text("id")}/secrets", "client_secret");
        await LifeAsync($"/v1/users/{user.Text("id")}/tokens", "personal_access_token");

        foreach (var (path, type) in new[] { ("users", "user"), ("applications", "application") })
        {
            var id = (type == "user" ? user : application).Text("id");
            await OneAsync(await SendAsync(HttpMethod.Post, $"/v1/{path}/{id}/disable"), $"{type}.disabled", type, id);
            await OneAsync(await SendAsync(HttpMethod.Post, $"/v1/{path}/{id}/enable"), $"{type}.enabled", type, id);
            await OneAsync(await SendAsync(HttpMethod.Delete, $"/v1/{path}/{id}?reason=done"), $"{type}.deleted", type, id, "done");
        }
        await OneAsync(await SendAsync(HttpMethod.Delete, $"/v1/roles/{role.Text("id")}"), "role.deleted", "role", role.Text("id"));
        await OneAsync(
            await SendAsync(HttpMethod.Delete, $"/v1/api-resources/{api.Text("id")}"),
            "api_resource.deleted",
            "api_resource",
            api.Text("id")
        );

        async Task LifeAsync(string collection, string kind)
        {
            var made = await PostAsync(collection, new { name });
            var path = $"{collection}/{made.Text("id")}";
            await OneAsync(made, $"{kind}.created", kind, made.Text("id"));
            await PatchAsync(path, $"{kind}.updated", kind);
            await OneAsync(await SendAsync(HttpMethod.Post, path + "/disable"), $"{kind}.disabled", kind, made.Text("id"));
            await OneAsync(await SendAsync(HttpMethod.Post, path + "/enable"), $"{kind}.enabled", kind, made.Text("id"));
            var rotated = await SendAsync(HttpMethod.Post, path + "/rotate", new { overlap_seconds = 0 });
            await OneAsync(rotated, $"{kind}.rotated", kind, made.Text("id"));
            await OneAsync(await SendAsync(HttpMethod.Delete, path + "?reason=done"), $"{kind}.revoked", kind, made.Text("id"), "done");
        }

        async Task PatchAsync(string path, string action, string type) =>
            await OneAsync(await SendAsync(HttpMethod.Patch, path, new { name = name + " b" }), action, type, path.Split('/')[^1]);

        Task<ApiResponse> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

        async Task<ApiResponse> SendAsync(HttpMethod method, string path, object? body = null)
        {
            var answer = await admin.SendAsync(method, path, body, headers);
            Assert.InRange(answer.Status, 200, 204);
            return answer;
        }

        async Task OneAsync(ApiResponse answer, string action, string type, string id, string? reason = null)
        {
            var row = Assert.Single(await RowsAsync(admin, answer));
            AssertMembers(
                row,
                [
                    "id",
                    "seq",
                    "at",
                    "actor",
                    "credential_id",
                    "action",
                    "target",
                    "organization_id",
                    "api",
                    "result",
                    "reason",
                    "changes",
                    "ip",
                    "agent",
                    "request_id",
                    "count",
                    "prev",
                    "hash",
                ]
            );
            AssertJson($$"""{"type":"{{type}}","id":"{{id}}"}""", row.GetProperty("target"));
            Assert.Equal(
                (action, "success", who.Text("subject"), who.Text("credential_id"), "127.0.0.1", "audit-test/1", 1, reason),
                (
                    row.GetProperty("action").GetString(),
                    row.GetProperty("result").GetString(),
                    row.GetProperty("actor").GetString(),
                    row.GetProperty("credential_id").GetString(),
                    row.GetProperty("ip").GetString(),
                    row.GetProperty("agent").GetString(),
                    row.GetProperty("count").GetInt32(),
                    row.GetProperty("reason").GetString()
                )
            );
        }
    }

    [Theory, BothEngines]
    public async Task The_one_call_records_each_thing_it_makes(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var quick = new
        {
            name = "x",
            api = api.Identifier,
            scopes = new[] { "a" },
        };
        var key = await admin.PostAsync("/v1/api-keys", quick).Expect(201);
        Assert.Equal(
            ["api_key.created", "application.created"],
            (await RowsAsync(admin, key)).Select(row => row.GetProperty("action").GetString()!).Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task What_changes_nothing_is_not_recorded(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        foreach (
            var answer in new[]
            {
                await admin.PostAsync("/v1/roles", new { name = "" }).Expect(400),
                await admin.PostAsync("/v1/api-resources", new { name = "x", identifier = "x" }).Expect(400),
                await admin.PostAsync("/v1/api-resources", new { name = "x", identifier = made.Api.Identifier }).Expect(409),
                await admin.PostAsync("/v1/users", new { email = "ü" }).Expect(400),
                await admin.PatchAsync($"/v1/api-keys/{made.ApiKey.Id}", new { allowed_ips = new[] { "x" } }).Expect(400),
                await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = -1 }).Expect(400),
                await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}?reason=a%0Ab").Expect(400),
                await admin.PatchAsync("/v1/users/usr_0000000000000000000000", new { name = "x" }).Expect(404),
                await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(200),
                await admin.PostAsync("/v1/roles", "{").Expect(400),
            }
        )
            Assert.Empty(await RowsAsync(admin, answer));
    }

    /// <summary>The second DELETE wrote a second revocation.</summary>
    [Theory, BothEngines]
    public async Task What_is_as_asked_already_is_not_recorded_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var user = await admin.CreateUserAsync([]);
        var key = $"/v1/api-keys/{made.ApiKey.Id}";
        foreach (var path in new[] { key, $"/v1/applications/{made.Application.Id}", $"/v1/users/{user.Id}" })
        {
            foreach (var verb in new[] { "disable", "enable" })
            {
                Assert.Single(await RowsAsync(admin, await admin.PostAsync($"{path}/{verb}").Expect(200)));
                Assert.Empty(await RowsAsync(admin, await admin.PostAsync($"{path}/{verb}").Expect(200)));
            }

            Assert.NotEmpty(await RowsAsync(admin, await admin.DeleteAsync(path).Expect(204)));
            Assert.Empty(await RowsAsync(admin, await admin.DeleteAsync(path + "?reason=again").Expect(204)));
        }
    }

    /// <summary>The rows of that request; the trail is newest first, so those of a request just made are near its head.</summary>
    private static async Task<JsonElement[]> RowsAsync(ApiClient admin, ApiResponse answer)
    {
        var id = answer.Header("X-Request-Id");
        var page = await admin.GetAsync("/v1/audit?limit=200").Expect(200);
        return [.. page.Json.GetProperty("items").EnumerateArray().Where(row => row.GetProperty("request_id").GetString() == id)];
    }
}
