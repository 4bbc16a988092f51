using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Reports;
using Tokenry.Benchmarks.Subjects;
using Tokenry.Testing;

namespace Tokenry.Benchmarks;

/// <summary>The paths, side by side: Tokenry on both engines, the limit and the peers, all running at once and measured in turns.</summary>
internal sealed class Suite(BenchOptions options, TextWriter console) : IAsyncDisposable
{
    private readonly LoadCore loads = new();
    private readonly List<Subject> subjects = [];

    public async Task<IReadOnlyList<Row>> MeasureAsync(CryptoLimits crypto)
    {
        var comparisons = Comparison.All.Where(comparison => options.Wants(comparison.Path)).ToList();
        if (comparisons.Count == 0)
        {
            return [];
        }

        await console.WriteLineAsync("Starting what is measured …");
        var ours = await OursAsync();
        var echo = await StartAsync(ChildServer.EchoAsync());
        var peers = options.Peers ? await PeersAsync(comparisons) : [];
        var measurement = options switch
        {
            { Against: not null } => new Measurement(loads, rounds: 12, sliceSeconds: 1),
            { Short: true } => new Measurement(loads, rounds: 3, sliceSeconds: 1),
            _ => new Measurement(loads, rounds: 4, sliceSeconds: 2),
        };
        await measurement.PrepareAsync(comparisons.SelectMany(comparison => ours.Select(subject => (subject, comparison.Path))));
        var rows = new List<Row>();
        foreach (var comparison in comparisons)
        {
            var rivals = comparison.Rivals.Where(rival => peers.ContainsKey(rival.Peer)).ToList();
            var series = await measurement.RunAsync([
                .. ours.Select(subject => (subject, comparison.Path)),
                (echo, comparison.Echo),
                .. rivals.Select(rival => (peers[rival.Peer], rival.Path)),
            ]);
            var row = new Row(
                comparison with
                {
                    Rivals = rivals,
                },
                [.. series.Take(ours.Length)],
                series[ours.Length],
                [.. series.Skip(ours.Length + 1)],
                crypto
            );
            rows.Add(row);
            await console.WriteLineAsync(Text.Row(row));
        }

        return rows;
    }

    /// <summary>The resident memory of each Tokenry, after whatever has been measured.</summary>
    public IReadOnlyList<(string Subject, long Bytes)> Memory() =>
        [
            .. subjects
                .Where(subject => subject.Allocated is not null)
                .Select(subject => (subject.Name, Processes.Memory(subject.ProcessId))),
        ];

    public async ValueTask DisposeAsync()
    {
        foreach (var subject in subjects)
        {
            await subject.DisposeAsync();
        }

        subjects.Clear();
        loads.Dispose();
    }

    private async Task<Subject[]> OursAsync()
    {
        var sqlite = await StartAsync(TokenrySubject.StartAsync(Engine.Sqlite));
        return options switch
        {
            { Against: { } checkout } => [sqlite, await StartAsync(TokenrySubject.StartOtherAsync(checkout))],
            { Postgres: true } => [sqlite, await StartAsync(TokenrySubject.StartAsync(Engine.Postgres))],
            _ => [sqlite],
        };
    }

    private async Task<Dictionary<Peers, Subject>> PeersAsync(IEnumerable<Comparison> comparisons)
    {
        var peers = new Dictionary<Peers, Subject>();
        foreach (var peer in comparisons.SelectMany(comparison => comparison.Rivals).Select(rival => rival.Peer).Distinct())
        {
            peers[peer] = await StartAsync(
                peer switch
                {
                    Peers.OidcProvider => ChildServer.NodePeerAsync("oidc-provider.mjs"),
                    Peers.BetterAuth => ChildServer.NodePeerAsync("better-auth.mjs"),
                    Peers.BetterAuthInMemory => ChildServer.NodePeerAsync("better-auth.mjs", "cached"),
                    Peers.OpenIddict => ChildServer.DotnetPeerAsync("openiddict"),
                    Peers.OpenIddictTuned => ChildServer.DotnetPeerAsync("openiddict", "tuned"),
                    Peers.OpenIddictInMemoryTuned => ChildServer.DotnetPeerAsync("openiddict", "memory", "tuned"),
                    Peers.JwtBearer => ChildServer.DotnetPeerAsync("jwtbearer"),
                    _ => ChildServer.DotnetPeerAsync("openiddict", "memory"),
                }
            );
        }

        return peers;
    }

    private async Task<Subject> StartAsync(Task<Subject> starting)
    {
        var subject = await starting;
        subjects.Add(subject);
        return subject;
    }
}
