using System.Diagnostics;
using Npgsql;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Outage;

/// <summary>
/// R8: the database is away, frozen or killed, while requests keep coming. Cached facts serve five seconds; then, and for everything else
/// at once, the answer is "come back", and never "unknown": a client that heard that would throw a good credential away.
/// </summary>
public sealed class DatabaseAwayTests(ITestOutputHelper output)
{
    private const int PoolSize = 20;
    private const int FeedConnections = 2;
    private const int ListConnections = 4;
    private static readonly TimeSpan CachedLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(500);

    [Fact, Trait(Stage.Name, Stage.Plain)]
    public Task While_it_is_frozen_cached_credentials_are_good_for_five_seconds_and_then_everything_is_503() => AwayAsync(frozen: true);

    [Fact]
    public Task While_it_is_killed_cached_credentials_are_good_for_five_seconds_and_then_everything_is_503() => AwayAsync(frozen: false);

    private async Task AwayAsync(bool frozen)
    {
        var away = TimeSpan.FromSeconds(Form.Rounds(7, 60));
        await using var cluster = await PostgresCluster.StartPrivateAsync();
        var options = new ServerOptions { ConnectionString = await cluster.CreateDatabaseAsync() };
        await using var server = await ServerProcess.StartAsync(Engine.Postgres, options);
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var unseen = new Stack<string>();
        for (var n = 0; n < Form.Rounds(60, 400); n++)
            unseen.Push((await admin.CreateApiKeyAsync(known.Application.Id)).Secret);
        var first = new ApiClient(server.Address, admin.Bearer);

        var cached = Traffic.Verify(100, admin, known.ApiKey.Secret);
        var me = Traffic.Start(20, async () => Traffic.Word(await admin.With(known.ApiKey.Secret).GetAsync("/v1/me")));
        var tokens = Traffic.Start(20, () => TokenAsync(admin, known));
        var open = Traffic.Start(20, () => DocumentsAsync(first));
        var probes = Traffic.Start(10, async () => (await first.GetAsync("/health/ready")).Status.ToString());
        await Task.Delay(1000);

        var began = cached.Now;
        if (frozen)
            cluster.Suspend();
        else
            await cluster.KillPostmasterAsync();
        var uncached = Traffic.Start(5, () => unseen.TryPop(out var secret) ? Traffic.CodeAsync(first, secret) : Task.FromResult("503"));
        var writes = Traffic.Start(5, async () => Traffic.Word(await CreateAsync(first, known)));
        await Task.Delay(away);
        var asked = await uncached.StopAsync();
        var written = await writes.StopAsync();
        var back = cached.Now;
        if (frozen)
            cluster.Resume();
        else
            await cluster.StartAgainAsync();
        var recovery = await RecoveryAsync(first, known, unseen.Pop());
        var connections = await ConnectionsAsync(cluster);
        await Task.Delay(500);
        var verified = await cached.StopAsync();
        var doors = (await me.StopAsync()).Concat(await tokens.StopAsync()).ToArray();
        var documents = await open.StopAsync();
        var readiness = await probes.StopAsync();

        var lastGood = verified.Where(s => s.Outcome == "valid" && s.At + s.Took < back).Max(s => s.At + s.Took) - began;
        var notReady = readiness.Where(s => s.Outcome == "503").Min(s => s.At + s.Took) - began;
        output.WriteLine(
            $"cached: {Traffic.Count(verified)}; served until {lastGood.TotalSeconds:0.00} s; ready 503 after {notReady.TotalSeconds:0.00} s"
        );
        output.WriteLine($"not cached: {Traffic.Count(asked)}, {asked.Select(s => s.Took).Describe()}");
        output.WriteLine($"writes: {Traffic.Count(written)}, {written.Select(s => s.Took).Describe()}");
        output.WriteLine($"other doors: {Traffic.Count(doors)}; documents: {Traffic.Count(documents)}");
        output.WriteLine($"well again after {recovery.TotalSeconds:0.00} s with {connections} connections");

        Assert.All(verified, s => Assert.Contains(s.Outcome, new[] { "valid", "503" }));
        Assert.All(doors, s => Assert.Contains(s.Outcome, new[] { "200", "503" }));
        Assert.All(asked, s => Assert.Equal("503", s.Outcome));
        Assert.All(documents, s => Assert.Equal("200", s.Outcome));
        Assert.DoesNotContain(written, s => s.Outcome is not "503" and not "201");
        Assert.True(lastGood <= CachedLimit + AtOnce, $"cached facts served for {lastGood}");
        Assert.True(lastGood >= CachedLimit - TimeSpan.FromSeconds(1.5), $"cached facts served for {lastGood} only");
        Assert.True(notReady <= ReadyLimit + AtOnce, $"ready said so after {notReady}");
        // Who was in when it froze waits until the server knows; whoever comes later does not wait at all.
        Assert.True(asked.Max(s => s.Took) <= WaitLimit, $"a request waited {asked.Max(s => s.Took)}");
        var later = asked.Where(s => s.At > WaitLimit).Select(s => s.Took).ToArray();
        Assert.True(later.Percentile(0.9) <= AtOnce, $"later ones waited: {later.Describe()}");
        Assert.True(recovery <= Recovery, $"well again after {recovery}");
        Assert.True(connections <= PoolSize + FeedConnections + ListConnections, $"{connections} connections");
    }

    private static async Task<TimeSpan> RecoveryAsync(ApiClient client, Created known, string unseen)
    {
        var waited = Stopwatch.StartNew();
        while (
            (await client.GetAsync("/health/ready")).Status != 200
            || (await CreateAsync(client, known)).Status != 201
            || await Traffic.CodeAsync(client, unseen) != "valid"
        )
        {
            Assert.True(waited.Elapsed < Recovery, $"Not served again {Recovery} after the database was.");
            await Task.Delay(10);
        }
        return waited.Elapsed;
    }

    private static Task<ApiResponse> CreateAsync(ApiClient client, Created known) =>
        client.PostAsync($"/v1/applications/{known.Application.Id}/api-keys", new { name = "during the outage" });

    private static async Task<string> TokenAsync(ApiClient client, Created known) =>
        Traffic.Word(
            await client
                .With(null)
                .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (known.Application.Id, known.ClientSecret.Secret))
        );

    private static async Task<string> DocumentsAsync(ApiClient client)
    {
        foreach (var path in new[] { "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/health/live" })
        {
            if (await client.With(null).GetAsync(path) is { Status: not 200 } refused)
                return $"{path}: {refused.Status}";
        }
        return "200";
    }

    private static async Task<long> ConnectionsAsync(PostgresCluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tokenry'";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
