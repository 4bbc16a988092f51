using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Disk;

/// <summary>R7: every write waits 200 ms for the disk. Who only asks does not, and who writes does not wait without end.</summary>
public sealed class DiskSlowTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(200);

    // Far under one wait for the disk: who stands behind a writer waits for a whole one.
    private static readonly TimeSpan VerifyLimit = Delay / 2;

    [Fact]
    public async Task Verification_is_not_behind_the_writer()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().CreateAsync();
        var workload = await Workload.PrepareAsync(admin, checksAfterWrites: false);
        await WarmAsync(admin, known);
        using var stop = new CancellationTokenSource();
        IReadOnlyCollection<Sample> verified;
        IReadOnlyCollection<Sample> written;
        using (await SlowDisk.UnderAsync(server, Delay))
        {
            var running = workload.RunAsync(writers: 8, stop.Token);
            var verifications = Traffic.Verify(200, admin, known.ApiKey.Secret);
            var writes = Traffic.Start(5, async () => Traffic.Word(await CreateAsync(admin, known)));
            await Task.Delay(TimeSpan.FromSeconds(Form.Rounds(5, 60)));
            verified = await verifications.StopAsync();
            written = await writes.StopAsync();
            await stop.CancelAsync();
            await running;
        }
        output.WriteLine($"verified in {verified.Select(sample => sample.Took).Describe()}");
        output.WriteLine($"written in {written.Select(sample => sample.Took).Describe()}");
        Assert.All(verified, sample => Assert.Equal("valid", sample.Outcome));
        Assert.All(written, sample => Assert.Equal("201", sample.Outcome));
        // Otherwise nothing was slow, and the rest proves nothing.
        Assert.True(written.Select(sample => sample.Took).Percentile(0.5) >= Delay, "writes did not wait for the disk");
        Assert.True(verified.Select(sample => sample.Took).Percentile(0.99) < VerifyLimit, "verification waited");
        Assert.Empty(await workload.VerifyAsync(admin));
    }

    [Fact]
    public async Task A_thousand_writes_may_wait_and_the_others_are_told_to_come_back()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().CreateAsync();
        await WarmAsync(admin, known);
        IReadOnlyCollection<Sample> verified;
        Sample[] written;
        using (await SlowDisk.UnderAsync(server, 2 * Delay))
        {
            var verifications = Traffic.Verify(50, admin, known.ApiKey.Secret);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            written = await Task.WhenAll(
                Enumerable
                    .Range(0, 2200)
                    .Select(async _ =>
                    {
                        var at = clock.Elapsed;
                        var answer = await CreateAsync(admin, known);
                        return new Sample(at, clock.Elapsed - at, Traffic.Word(answer));
                    })
            );
            verified = await verifications.StopAsync();
        }
        var made = written.Count(sample => sample.Outcome == "201");
        output.WriteLine(
            $"of 2,200 writes at once: {Traffic.Count(written)}; verified in {verified.Select(sample => sample.Took).Describe()}"
        );
        output.WriteLine($"refused in {written.Where(s => s.Outcome == "503").Select(s => s.Took).Describe()}");
        Assert.All(written, sample => Assert.Contains(sample.Outcome, new[] { "201", "503" }));
        Assert.Contains(written, sample => sample.Outcome == "503");
        // A thousand wait; some batches of 64 were through before the last request had come.
        Assert.InRange(made, 1000, 2000);
        Assert.All(verified, sample => Assert.Equal("valid", sample.Outcome));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty((await StoreInspection.RunAsync(server)).Faults);
    }

    private static async Task WarmAsync(ApiClient admin, Created known)
    {
        for (var n = 0; n < 300; n++)
            Assert.Equal("valid", await Traffic.CodeAsync(admin, known.ApiKey.Secret));
    }

    private static Task<ApiResponse> CreateAsync(ApiClient admin, Created known) =>
        admin.PostAsync($"/v1/applications/{known.Application.Id}/api-keys", new { name = "slow" });
}
