using System.Collections.Concurrent;
using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Crash;

/// <summary>R4: the database dies under a server that lives on.</summary>
public sealed class PostgresKillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task While_the_database_is_away_answers_are_503_and_nothing_acknowledged_is_lost()
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync();
        var options = new ServerOptions { ConnectionString = await cluster.CreateDatabaseAsync() };
        await using var server = await ServerProcess.StartAsync(Engine.Postgres, options);
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var workload = await Workload.PrepareAsync(admin);
        var surprises = new ConcurrentQueue<string>();
        var refused = new StrongBox();
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(
            workload.RunAsync(writers: 16, stop.Token),
            AskAsync(() => admin.PostAsync("/v1/verify", new { token = known.ApiKey.Secret })),
            AskAsync(() => admin.With(known.ApiKey.Secret).GetAsync("/v1/me")),
            AskAsync(() => TokenAsync(admin, known))
        );
        var recoveries = new List<double>();
        for (var round = 0; round < Form.Rounds(3, 20); round++)
        {
            await workload.AcknowledgedAsync(50, Patience);
            var unseen = await admin.CreateApiKeyAsync(known.Application.Id);
            await cluster.KillPostmasterAsync();
            (await admin.PostAsync("/v1/verify", new { token = unseen.Secret })).Expect(503);
            await cluster.StartAgainAsync();
            recoveries.Add(await RecoveryAsync(admin, unseen));
        }

        // Away for longer than cached facts may serve: now the doors say 503 as well, never that a good credential is none.
        await cluster.KillPostmasterAsync();
        var away = Stopwatch.StartNew();
        while (Volatile.Read(ref refused.Count) == 0)
        {
            Assert.True(away.Elapsed < TimeSpan.FromSeconds(7), "Cached facts serve for 5 s at most.");
            await Task.Delay(20);
        }
        var served = away.Elapsed;
        await admin.GetAsync("/health/ready").Expect(503);
        await admin.GetAsync("/health/live").Expect(200);
        await cluster.StartAgainAsync();
        recoveries.Add(await RecoveryAsync(admin, known.ApiKey));
        await workload.AcknowledgedAsync(50, Patience);
        await stop.CancelAsync();
        await running;

        output.WriteLine(
            $"{recoveries.Count} kills, {workload.Acknowledgements.Count} acknowledged, {workload.Unknown} without answer; cached facts served "
                + $"{served.TotalSeconds:0.0} s of an outage; served again after at most {recoveries.Max():0.00} s"
        );
        Assert.Empty(surprises);
        Assert.Empty(await workload.VerifyAsync(admin));
        Assert.Equal(0, await server.StopAsync());
        var store = await StoreInspection.RunAsync(server, workload);
        Assert.Empty(store.Faults);

        async Task AskAsync(Func<Task<ApiResponse>> ask)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var answer = await ask();
                    if (answer.Status == 503)
                        Interlocked.Increment(ref refused.Count);
                    else if (answer.Status != 200 || (answer.Path == "/v1/verify" && answer.Text("code") != "valid"))
                        surprises.Enqueue($"{answer.Path}: {answer.Status} {answer.Body}");
                }
                catch (HttpRequestException exception)
                {
                    surprises.Enqueue(exception.ToString());
                }
                await Task.Delay(5);
            }
        }
    }

    /// <summary>Seconds until reading, writing and readiness are all back; the database accepts connections by now.</summary>
    private static async Task<double> RecoveryAsync(ApiClient admin, CreatedCredential unseen)
    {
        var waited = Stopwatch.StartNew();
        while (
            (await admin.GetAsync("/health/ready")).Status != 200
            || (await admin.PatchAsync($"/v1/api-keys/{unseen.Id}", new { name = CreateRequests.Unique("recovered") })).Status != 200
            || (await admin.PostAsync("/v1/verify", new { token = unseen.Secret })).Status != 200
        )
        {
            Assert.True(waited.Elapsed < Recovery, $"Not served again {Recovery} after the database was.");
            await Task.Delay(10);
        }
        return waited.Elapsed.TotalSeconds;
    }

    private static Task<ApiResponse> TokenAsync(ApiClient client, Created known) =>
        client
            .With(null)
            .FormAsync(
                "/oauth/token",
                [("grant_type", "client_credentials"), ("resource", known.Api.Identifier)],
                (known.Application.Id, known.ClientSecret.Secret)
            );

    private sealed class StrongBox
    {
        public int Count;
    }
}
