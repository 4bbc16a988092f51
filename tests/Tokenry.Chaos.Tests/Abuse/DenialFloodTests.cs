using System.Collections.Concurrent;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>
/// A hundred thousand refusals a minute from a thousand addresses, at a door behind a trusted proxy: every one is counted, none slows good
/// traffic beyond twice, and neither memory nor the audit trail grows with them.
/// </summary>
public sealed class DenialFloodTests(ITestOutputHelper output)
{
    private const double PerSecond = 100_000 / 60.0;
    private const int Addresses = 1000;
    private const int Networks = 250;
    private const double Slowdown = 2;
    private const double MostGrowth = 48; // MiB: the garbage collector's own breathing

    // As in WrongSecretsTests: of two or three milliseconds a busy machine makes five or ten by itself.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(Form.Rounds(2, 20));

    [Theory, BothEngines]
    public async Task Memory_is_flat_good_traffic_served_and_every_refusal_counted(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:TrustedProxies"] = "127.0.0.1" },
            }
        );
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("a", "b").Role("a").ApiKey().ApiKey().CreateAsync();
        var door = $"/v1/forward-auth?api={made.Api.Identifier}";
        var refusals = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        // Compiled, and the memory that a flood takes is taken: one short flood is not enough for both.
        await FloodAsync(server, made, door, refusals);
        await FloodAsync(server, made, door, refusals);
        var (quiet, flooded) = (new List<TimeSpan>(), new List<TimeSpan>());
        var before = ProcessFacts.Resident(server.ProcessId);
        while (flooded.Count < 2 || (IsSlower() && flooded.Count < 8))
        {
            quiet.Add(await MeasureAsync(server, made, door));
            var flood = FloodAsync(server, made, door, refusals);
            flooded.Add(await MeasureAsync(server, made, door));
            await flood;
        }

        var growth = ProcessFacts.Resident(server.ProcessId) - before;
        output.WriteLine(
            $"good p99 without {quiet.Min().TotalMilliseconds:0.0} ms, with {flooded.Min().TotalMilliseconds:0.0} ms; "
                + $"{refusals.Values.Sum()} refusals; memory {before:0} MiB, {growth:+0;-0} MiB"
        );
        Assert.False(IsSlower(), "good traffic was slowed down");
        Assert.True(growth < MostGrowth, $"memory grew by {growth:0} MiB");

        // Both kinds of refusal, each to the last one.
        foreach (var (code, heard) in new[] { ("unknown", refusals["401"]), ("insufficient_scope", refusals["403"]) })
        {
            var counted = 0L;
            for (var wait = 0; wait < 50 && counted < heard; wait++)
            {
                await Task.Delay(200);
                var usage = await admin.GetAsync($"/v1/usage?group=code&code={code}&api={made.Api.Identifier}&span=hour").Expect(200);
                counted = usage.Json.GetProperty("items").EnumerateArray().Sum(item => item.GetProperty("count").GetInt64());
            }
            Assert.Equal(heard, counted);
        }

        // What the trail gets of it in a minute: a row for each network and reason, however many there were.
        await server.StopAsync();
        var (rows, sum) = await StoreInspection.DenialsAsync(server, made.Api.Identifier);
        Assert.Equal(refusals["401"] + refusals["403"], sum);
        Assert.InRange(rows, 1, 2 * Networks * Minutes(Phase * 20));

        bool IsSlower() => flooded.Min() > Unnoticed && flooded.Min() > Slowdown * quiet.Min();
    }

    private static int Minutes(TimeSpan most) => 2 + (int)Math.Ceiling(most.TotalMinutes);

    private static async Task FloodAsync(ServerProcess server, Created made, string door, ConcurrentDictionary<string, long> refusals)
    {
        var next = 0;
        var anybody = server.Client();
        var flood = Traffic.Start(
            PerSecond,
            async () =>
            {
                var i = Interlocked.Increment(ref next);
                var known = i % 4 == 0;
                var answer = await anybody.GetAsync(
                    known ? $"{door}&scope=b" : door,
                    headers: new Dictionary<string, string>
                    {
                        ["X-API-Key"] = known ? made.ApiKeys[0].Secret : UnknownSecret.Of("key"),
                        ["X-Forwarded-For"] = $"203.0.{i % Networks}.{i % Addresses / Networks}",
                    }
                );
                return $"{answer.Status}";
            }
        );
        await Task.Delay(Phase);
        foreach (var outcome in (await flood.StopAsync()).GroupBy(sample => sample.Outcome, StringComparer.Ordinal))
        {
            Assert.Contains(outcome.Key, new[] { "401", "403" });
            refusals.AddOrUpdate(outcome.Key, outcome.Count(), (_, count) => count + outcome.Count());
        }
    }

    private static async Task<TimeSpan> MeasureAsync(ServerProcess server, Created made, string door)
    {
        var client = server.Client();
        var headers = new Dictionary<string, string> { ["X-API-Key"] = made.ApiKeys[1].Secret, ["X-Forwarded-For"] = "198.51.100.7" };
        var traffic = Traffic.Start(100, async () => $"{(await client.GetAsync($"{door}&scope=a", headers: headers)).Status}");
        await Task.Delay(Phase);
        var answers = await traffic.StopAsync();
        Assert.All(answers, answer => Assert.Equal("200", answer.Outcome));
        return answers.Select(answer => answer.Took).Percentile(0.99);
    }
}
