using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Crash;

/// <summary>R24: SIGTERM is not a crash. What was begun is finished and answered, what is new is turned away.</summary>
public sealed class TerminationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory, BothEngines]
    public async Task Under_load_it_ends_with_0_and_audits_what_it_answered(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var workload = await Workload.PrepareAsync(admin, checksAfterWrites: false);
        using var stop = new CancellationTokenSource();
        var running = workload.RunAsync(writers: 16, stop.Token);
        await workload.AcknowledgedAsync(300, Patience);
        var stopping = server.StopAsync();
        var afterwards = await AskReadinessUntilGoneAsync(server, stopping);
        Assert.Equal(0, await stopping);
        await stop.CancelAsync();
        await running;

        var store = await StoreInspection.RunAsync(server, workload);
        output.WriteLine($"{engine}: {workload.Acknowledgements.Count} acknowledged, {store.Events} audit events; readiness: {afterwards}");
        Assert.Empty(store.Faults);
        await server.LaunchAsync();
        Assert.Empty(await workload.VerifyAsync(admin));
        Assert.Equal(workload.Acknowledgements.Count, await AuditedAsync(admin));
    }

    [Theory, BothEngines]
    public async Task What_is_in_flight_is_finished_and_answered(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        // The server asks for these bodies (100 Continue) and gets them after the signal: they are certainly at work when it comes.
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", admin.Bearer);
        client.DefaultRequestHeaders.ExpectContinue = true;
        var bodies = Enumerable.Range(0, 3).Select(i => new HeldContent($"{{\"email\":\"late{i}@example.com\"}}")).ToArray();
        var inFlight = bodies.Select(body => client.PostAsync("/v1/users", body)).ToArray();
        await Task.WhenAll(bodies.Select(body => body.Asked));

        var stopping = server.StopAsync();
        foreach (var body in bodies)
            body.Release();
        Assert.Equal(0, await stopping);
        var answers = await Task.WhenAll(inFlight);
        Assert.All(answers, answer => Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode));

        await server.LaunchAsync();
        foreach (var answer in answers)
            await admin.GetAsync(answer.Headers.Location!.OriginalString).Expect(200);
    }

    /// <summary>Soon after the signal a probe hears 503 or nothing, and never 200 again.</summary>
    private static async Task<string> AskReadinessUntilGoneAsync(ServerProcess server, Task stopping)
    {
        var heard = new List<string>();
        var waited = Stopwatch.StartNew();
        while (!stopping.IsCompleted)
        {
            try
            {
                var answer = await server.Client().GetAsync("/health/ready");
                heard.Add(answer.Status.ToString());
            }
            catch (HttpRequestException)
            {
                heard.Add("refused");
            }
            Assert.True(heard[^1] != "200" || waited.Elapsed < TimeSpan.FromSeconds(1), "still ready a second after SIGTERM");
            await Task.Delay(5);
        }
        Assert.DoesNotContain("200", heard.SkipWhile(word => word == "200"));
        return string.Join(", ", heard.GroupBy(word => word).Select(group => $"{group.Count()} × {group.Key}"));
    }

    private static async Task<int> AuditedAsync(ApiClient admin)
    {
        var count = 0;
        string? cursor = null;
        do
        {
            var page = await admin
                .GetAsync($"/v1/audit?limit=200{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}")
                .Expect(200);
            count += page
                .Json.GetProperty("items")
                .EnumerateArray()
                .Count(e => e.GetProperty("action").GetString()!.StartsWith("api_key.", StringComparison.Ordinal));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        } while (cursor is not null);
        return count;
    }
}
