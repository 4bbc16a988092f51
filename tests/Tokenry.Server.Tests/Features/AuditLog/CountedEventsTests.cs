using System.Text.Json;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.AuditLog;

/// <summary>What the management API refuses, and what it lets many records be read by, is one event a minute (issue 13, A.7 and A.9).</summary>
public sealed class CountedEventsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A.9(e): 2,000 refusals made 2,000 events.</summary>
    [Theory, BothEngines]
    public async Task Refusals_become_one_event_for_each_kind_of_them(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var person = await admin.CallerAsync("tokens:own", "credentials:write");
        var kinds = new (string Method, string Path, object? Body, string Action)[]
        {
            ("GET", "/v1/users", null, "users.listed"),
            ("POST", "/v1/users", new { email = "x" }, "user.created"),
            ("PATCH", $"/v1/users/{person.Id}", new { name = "x" }, "user.updated"),
            ("DELETE", $"/v1/applications/{made.Application.Id}", null, "application.deleted"),
            ("POST", "/v1/roles", new { name = "x" }, "role.created"),
            ("GET", "/v1/audit", null, "audit.listed"),
            ("POST", "/v1/verify", new { token = "x" }, "credential.verified"),
            ("POST", "/v1/me/tokens", new { name = "x", expires_at = (object?)null }, "personal_access_token.created"),
            (
                "POST",
                "/v1/api-keys",
                new
                {
                    name = "x",
                    api = made.Api.Identifier,
                    scopes = new[] { "invoices:read" },
                },
                "api_key.created"
            ),
        };
        const int Times = 20;
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < Times; i++)
        {
            foreach (var (method, path, body, action) in kinds)
                reasons[action] = (await person.Client.SendAsync(new HttpMethod(method), path, body).Expect(403)).Text("code");
        }

        await EndMinuteAsync(server, person.Id, kinds.Length * Times);
        var rows = await RowsAsync(admin, $"actor={person.Id}&result=denied");
        Assert.InRange(rows.Length, kinds.Length, 2 * kinds.Length); // a minute may have ended between
        foreach (var (_, _, _, action) in kinds)
        {
            var ofKind = rows.Where(row => row.GetProperty("action").GetString() == action).ToList();
            Assert.Equal(Times, ofKind.Sum(row => row.GetProperty("count").GetInt64()));
            foreach (var row in ofKind)
            {
                Assert.Equal(person.Token.Id, row.GetProperty("credential_id").GetString());
                Assert.StartsWith(reasons[action], row.GetProperty("reason").GetString(), StringComparison.Ordinal);
                Assert.Equal("127.0.0.0/24", row.GetProperty("ip").GetString());
                Assert.StartsWith("req_", row.GetProperty("request_id").GetString(), StringComparison.Ordinal);
            }
        }
    }

    [Theory, BothEngines]
    public async Task Reads_in_bulk_become_one_event_for_each_principal_and_route(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var person = await admin.CallerAsync("audit:read", "users:read", "credentials:read");
        var own = await admin.CallerAsync("tokens:own");
        for (var i = 0; i < 3; i++)
        {
            foreach (var path in new[] { "/v1/audit", "/v1/users", "/v1/credentials", $"/v1/applications/{made.Application.Id}/api-keys" })
                await person.Client.GetAsync(path).Expect(200);
            await own.Client.GetAsync("/v1/me/tokens").Expect(200);
        }

        await EndMinuteAsync(server, person.Id, 12);
        var rows = await RowsAsync(admin, $"actor={person.Id}&result=success");
        Assert.Equal(
            [
                ("audit.listed", "GET /v1/audit", 3L),
                ("credentials.listed", "GET /v1/applications/{id}/api-keys", 3),
                ("credentials.listed", "GET /v1/credentials", 3),
                ("users.listed", "GET /v1/users", 3),
            ],
            rows.GroupBy(row => (row.GetProperty("action").GetString()!, row.GetProperty("target").GetProperty("id").GetString()!))
                .Select(group => (group.Key.Item1, group.Key.Item2, group.Sum(row => row.GetProperty("count").GetInt64())))
                .Order()
        );
        Assert.Empty(await RowsAsync(admin, $"actor={own.Id}"));
    }

    /// <summary>A poll that finds nothing but reads must not be the next poll's find.</summary>
    [Theory, BothEngines]
    public async Task A_poll_that_returns_only_reads_adds_none(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var person = await admin.CallerAsync("audit:read");
        var watcher = await admin.CallerAsync("audit:read");
        await person.Client.GetAsync("/v1/audit").Expect(200);
        await EndMinuteAsync(server, person.Id, 1);
        for (var i = 0; i < 3; i++)
        {
            Assert.Single(await RowsAsync(watcher.Client, $"actor={person.Id}"));
            Assert.Empty(await RowsAsync(watcher.Client, "actor=usr_0000000000000000000000"));
        }

        await Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken); // what is counted is in the store every second
        Assert.Equal(0, await SumAsync(server, "denials", watcher.Id));
        Assert.Equal(0, await SumAsync(server, "audit_events", watcher.Id));
    }

    /// <summary>
    /// What was counted is in the store within a second; there its minute is made one of an hour ago, and a server that starts turns what it finds into events.
    /// </summary>
    private static async Task EndMinuteAsync(ServerProcess server, string actor, long count)
    {
        await WaitAsync(async () => await SumAsync(server, "denials", actor) + await SumAsync(server, "audit_events", actor) == count);
        await server.StopAsync();
        await server.ExecuteAsync("UPDATE denials SET minute = minute - 3600000");
        await server.LaunchAsync();
        await WaitAsync(async () => await SumAsync(server, "audit_events", actor) == count);
    }

    private static async Task WaitAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
    }

    private static Task<long> SumAsync(ServerProcess server, string table, string actor) =>
        server.ScalarAsync<long>($"SELECT CAST(coalesce(sum(count), 0) AS bigint) FROM {table} WHERE actor = '{actor}'");

    private static async Task<JsonElement[]> RowsAsync(ApiClient reader, string query) =>
        [.. (await reader.GetAsync($"/v1/audit?limit=200&{query}").Expect(200)).Json.GetProperty("items").EnumerateArray()];
}
