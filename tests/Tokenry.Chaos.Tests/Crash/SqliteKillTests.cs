using System.Diagnostics;
using System.Security.Cryptography;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Crash;

/// <summary>R1: the server is killed in the middle of writing, again and again, on the same data.</summary>
public sealed class SqliteKillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact, Trait(Stage.Name, Stage.Plain)]
    public async Task Nothing_acknowledged_is_lost_and_nothing_revoked_revives()
    {
        var rounds = Form.Rounds(15, 200);
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        var workload = await Workload.PrepareAsync(admin);
        using var stop = new CancellationTokenSource();
        var running = workload.RunAsync(writers: 16, stop.Token);
        var starts = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await workload.AcknowledgedAsync(1, Patience);
            await Task.Delay(RandomNumberGenerator.GetInt32(100, 401));
            server.Kill();
            var started = Stopwatch.StartNew();
            await server.LaunchAsync();
            starts.Add(started.Elapsed.TotalSeconds);
        }
        await workload.AcknowledgedAsync(100, Patience);
        await stop.CancelAsync();
        await running;

        Assert.Empty(await workload.VerifyAsync(admin));
        Assert.Equal(0, await server.StopAsync());
        var store = await StoreInspection.RunAsync(server, workload);
        output.WriteLine(
            $"{rounds} kills, {workload.Acknowledgements.Count} acknowledged, {workload.Unknown} without answer, {store.Events} audit events; "
                + $"ready again after {starts.Average():0.00} s, at most {starts.Max():0.00} s"
        );
        Assert.Empty(store.Faults);
    }
}
