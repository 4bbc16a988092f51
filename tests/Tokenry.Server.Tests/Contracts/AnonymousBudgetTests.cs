using System.Globalization;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// A.9 (a): what a stranger may have the server do is a small multiple of <c>/health/live</c>, in allocated bytes and in processor time of one and the
/// same process: never so many milliseconds, which a busy machine would not keep.
/// </summary>
public sealed class AnonymousBudgetTests
{
    private const int Requests = 200;
    private const int Rounds = 3;

    /// <summary>So many where the processor time is still too much: a crowded processor only adds to it.</summary>
    private const int MostRounds = 15;

    /// <summary>Times the cost of <c>/health/live</c>; the best of the rounds counts.</summary>
    private const double MostProcessor = 25;

    private const double MostBytes = 25;

    /// <summary>Bytes allocated for each byte of a large body.</summary>
    private const double MostBytesABodyByte = 2;

    /// <summary>As long as a route takes: thousands of objects for whoever parses it.</summary>
    private static readonly string Large = $"[{string.Join(',', Enumerable.Repeat("""{"token":""}""", 20_000))}]";

    /// <summary>Routes that may cost more, and why.</summary>
    private static readonly Dictionary<string, double> MoreBytes = new()
    {
        ["GET /metrics"] = 100, // a text of every series, made anew: it is of now
        ["GET /sign-in"] = 100, // rendered, with its frame and a new token for its form
        ["GET /sign-in/link"] = 100, // likewise
        ["GET /k"] = 100, // likewise
        ["GET /invitation"] = 100, // likewise
    };

    [Fact]
    public async Task Every_anonymous_route_stays_within_its_budget()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var anonymous = server.Client();
        var open = (await Route.AllAsync()).Where(route => route.Access.Kind == RouteAuthentication.Public).ToList();
        Assert.Equal(
            GoldenFile.Lines("open-routes.txt").Where(line => line.Length > 0).Order(StringComparer.Ordinal),
            open.Select(route => route.ToString()).Order(StringComparer.Ordinal)
        );
        var live = await CostAsync("/health/live", () => anonymous.GetAsync("/health/live"));
        var faults = new List<string>();
        foreach (var route in open)
        {
            var call = Call.To(route with { Method = route.Method == "ANY" ? "PUT" : route.Method }, Target.Nobody);
            var cost = await CostAsync(route.ToString(), () => call.SendAsync(anonymous), MostProcessor * live.Processor);
            var (bytes, processor) = (cost.Bytes / live.Bytes, cost.Processor / live.Processor);
            var line = string.Create(CultureInfo.InvariantCulture, $"{route}: {bytes:F1} × the bytes, {processor:F1} × the processor time");
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (bytes > MoreBytes.GetValueOrDefault(route.ToString(), MostBytes) || processor > MostProcessor)
                faults.Add(line);
            if (route.Method is "POST" or "ANY")
                faults.AddRange(await OfLargeBodyAsync(route, call, live));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));

        // Whoever has no credential has no large body looked at either.
        async Task<IEnumerable<string>> OfLargeBodyAsync(Route route, Call call, (double Bytes, double Processor) live)
        {
            var cost = await CostAsync(
                route.ToString(),
                () => anonymous.SendAsync(call.Method, call.Path, Large),
                MostProcessor * live.Processor
            );
            var (bytes, processor) = ((cost.Bytes - MostBytes * live.Bytes) / Large.Length, cost.Processor / live.Processor);
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"{route} with a large body: {bytes:F1} bytes a byte of it, {processor:F1} × the processor time"
            );
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            return bytes > MostBytesABodyByte || processor > MostProcessor ? [line] : [];
        }

        async Task<(double Bytes, double Processor)> CostAsync(string name, Func<Task<ApiResponse>> send, double most = double.MaxValue)
        {
            for (var i = 0; i < 20; i++)
                Assert.True((await send()).Status != 500, name);
            var best = double.MaxValue;
            var allocated = await AllocatedAsync();
            var rounds = 0;
            for (; rounds < Rounds || (best > most && rounds < MostRounds); rounds++)
            {
                var before = ProcessorTime.Of(server.ProcessId);
                for (var i = 0; i < Requests; i++)
                    await send();
                best = Math.Min(best, (ProcessorTime.Of(server.ProcessId) - before).TotalNanoseconds / Requests);
            }

            return ((await AllocatedAsync() - allocated) / (Requests * rounds), best);
        }

        // The text is kept for a moment: one that was asked for before that is of before.
        async Task<double> AllocatedAsync()
        {
            await Task.Delay(MetricsText.Lifetime + TimeSpan.FromMilliseconds(100));
            return Sum((await anonymous.GetAsync("/metrics")).Body, "dotnet_gc_allocated_bytes_total");
        }
    }

    private static double Sum(string metrics, string name)
    {
        var values = metrics
            .Split('\n')
            .Where(line => line.StartsWith(name + " ", StringComparison.Ordinal) || line.StartsWith(name + "{", StringComparison.Ordinal))
            .Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))
            .ToList();
        Assert.NotEmpty(values);
        return values.Sum();
    }
}
