using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Disk;

/// <summary>R6: no byte is left on the disk. What needs none goes on, what needs one is told to come back, and space heals it.</summary>
public sealed class DiskFullTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Writes_are_503_and_reads_go_on_until_there_is_space_again()
    {
        await using var disk = await SmallDisk.MountAsync(megabytes: 24);
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { DataDirectory = disk.DataDirectory });
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).PersonalAccessToken().ClientSecret().CreateAsync();
        var unseen = new Queue<CreatedCredential>();
        for (var n = 0; n < 20; n++)
            unseen.Enqueue(await admin.CreatePersonalAccessTokenAsync(known.User.Id));
        var workload = await Workload.PrepareAsync(admin, checksAfterWrites: false);
        using var stop = new CancellationTokenSource();
        var running = workload.RunAsync(writers: 8, stop.Token);
        var refusals = new List<TimeSpan>();

        for (var round = 0; round < Form.Rounds(2, 20); round++)
        {
            await workload.AcknowledgedAsync(100, Patience);
            disk.Fill();
            await WritesAreRefusedAsync(admin, known, refusals);
            var doors = Traffic.Start(100, () => AskAsync(admin, known));
            Assert.Equal("valid", await Traffic.CodeAsync(admin, unseen.Dequeue().Secret));
            await admin.GetAsync($"/v1/tokens/{known.PersonalAccessToken.Id}").Expect(200);
            await admin.GetAsync("/v1/audit?limit=5").Expect(200);
            for (var n = 0; n < 20; n++)
                refusals.Add(await RefusedAsync(admin, known));
            var ready = await admin.GetAsync("/health/ready").Expect(200);
            Assert.Equal("ready, but the store refused a write in the last 5 s\n", ready.Body);
            await admin.GetAsync("/health/live").Expect(200);
            var answers = await doors.StopAsync();
            Assert.DoesNotContain(answers, answer => answer.Outcome != "valid");

            disk.Free();
            var healing = Stopwatch.StartNew();
            await WriteAsync(admin, known).Expect(200);
            Assert.True(healing.Elapsed < Limit, $"took {healing.Elapsed} with space again");
        }
        await workload.AcknowledgedAsync(100, Patience);
        for (var waited = Stopwatch.StartNew(); (await admin.GetAsync("/health/ready")).Body != "ready\n"; await Task.Delay(50))
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(6), "still says that writes are refused");
        await stop.CancelAsync();
        await running;

        output.WriteLine(
            $"refused in {refusals.Describe()}; {workload.Acknowledgements.Count} acknowledged, {workload.Unknown} refused or without answer"
        );
        Assert.True(refusals.Max() <= Limit, $"a refusal took {refusals.Max()}");
        Assert.Empty(await workload.VerifyAsync(admin));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty((await StoreInspection.RunAsync(server, workload)).Faults);
    }

    [Fact]
    public async Task A_server_that_stops_on_a_full_disk_starts_again_with_all_it_acknowledged()
    {
        await using var disk = await SmallDisk.MountAsync(megabytes: 16);
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { DataDirectory = disk.DataDirectory });
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().CreateAsync();
        await admin.DeleteAsync($"/v1/api-keys/{known.ApiKey.Id}").Expect(204);
        var kept = await admin.CreateApiKeyAsync(known.Application.Id);
        disk.Fill();
        await WritesAreRefusedAsync(admin, known, []);
        Assert.Equal(0, await server.StopAsync());
        disk.Free();
        await server.LaunchAsync();
        Assert.Equal("revoked", await Traffic.CodeAsync(admin, known.ApiKey.Secret));
        Assert.Equal("valid", await Traffic.CodeAsync(admin, kept.Secret));
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty((await StoreInspection.RunAsync(server)).Faults);
    }

    /// <summary>The log that exists already takes some more writes: a full disk is noticed when it has to grow.</summary>
    private static async Task WritesAreRefusedAsync(ApiClient admin, Created known, List<TimeSpan> refusals)
    {
        for (var inARow = 0; inARow < 10; )
        {
            var took = Stopwatch.StartNew();
            var answer = await WriteAsync(admin, known);
            Assert.Contains(Traffic.Word(answer), new[] { "200", "503" });
            inARow = answer.Status == 503 ? inARow + 1 : 0;
            if (answer.Status == 503)
                refusals.Add(took.Elapsed);
        }
    }

    private static async Task<TimeSpan> RefusedAsync(ApiClient admin, Created known)
    {
        var took = Stopwatch.StartNew();
        var answer = await WriteAsync(admin, known);
        Assert.Equal("503", Traffic.Word(answer));
        return took.Elapsed;
    }

    private static Task<ApiResponse> WriteAsync(ApiClient admin, Created known) =>
        admin.PatchAsync($"/v1/applications/{known.Application.Id}", new { name = CreateRequests.Unique("one more") });

    /// <summary>A personal access token at the door, or an access token bought with a secret.</summary>
    private static async Task<string> AskAsync(ApiClient admin, Created known)
    {
        var token = await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (known.Application.Id, known.ClientSecret.Secret));
        return token.Status == 200 ? await Traffic.CodeAsync(admin, known.PersonalAccessToken.Secret) : $"token: {Traffic.Word(token)}";
    }
}
