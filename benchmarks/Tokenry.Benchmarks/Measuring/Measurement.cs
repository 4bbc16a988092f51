using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>
/// Measures paths: everybody is warmed up, then short slices of all take turns, so that what the machine does meanwhile meets all alike.
/// </summary>
public sealed class Measurement(LoadCore loads, int rounds, int sliceSeconds)
{
    public const int Connections = 32;
    private const int LongestWarmUp = 40;
    private const int PreparationSeconds = 3;
    private const int Recent = 3;
    private const double Settled = 1.03;

    /// <summary>Share of its processor time that a server still spends on compiling its hot code again.</summary>
    private const double Compiling = 0.03;

    private readonly HashSet<(Subject, string)> warm = [];

    /// <summary>A series for each subject, in their order. Each path is checked before: every answer must be a good one.</summary>
    public async Task<IReadOnlyList<Series>> RunAsync(IReadOnlyList<(Subject Subject, string Path)> subjects)
    {
        foreach (var (subject, path) in subjects)
        {
            await subject.CheckAsync(path);
            await WarmUpAsync(subject, path);
        }

        var slices = subjects.Select(_ => new List<Slice>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < subjects.Count; i++)
            {
                slices[i].Add(await SliceAsync(subjects[i].Subject, subjects[i].Path, Connections, sliceSeconds));
            }
        }

        return [.. subjects.Select((entry, i) => new Series(entry.Subject.Name, entry.Path, slices[i]))];
    }

    /// <summary>Some seconds of every path, before the first is measured: what they share is compiled once, and not during somebody's slices.</summary>
    public async Task PrepareAsync(IEnumerable<(Subject Subject, string Path)> subjects)
    {
        foreach (var (subject, path) in subjects)
        {
            await subject.CheckAsync(path);
            await SliceAsync(subject, path, Connections, PreparationSeconds);
        }
    }

    /// <summary>
    /// Until the last seconds brought nothing over those before, and the runtime has compiled what is hot: on one core that takes it half a minute,
    /// and a fifth of the processor meanwhile.
    /// </summary>
    private async Task WarmUpAsync(Subject subject, string path)
    {
        if (!warm.Add((subject, path)))
        {
            return;
        }

        var rates = new List<double>();
        var quiet = 0;
        while (rates.Count < LongestWarmUp)
        {
            var compiling = subject.CompilingTime();
            var slice = await SliceAsync(subject, path, Connections, seconds: 1);
            rates.Add(slice.PerCpuSecond);
            quiet = subject.CompilingTime() - compiling < slice.Cpu * Compiling ? quiet + 1 : 0;
            if (quiet >= Recent && rates.Count >= 2 * Recent && rates.TakeLast(Recent).Max() < rates.SkipLast(Recent).Max() * Settled)
            {
                return;
            }
        }
    }

    private async Task<Slice> SliceAsync(Subject subject, string path, int connections, int seconds)
    {
        await using var load = await loads.PrepareAsync(subject, path, connections, seconds);
        var (cpu, database, idle) = (subject.ProcessorTime(), subject.DatabaseTime(), subject.IdleTime());
        var allocated = subject.Allocated is null ? (long?)null : await subject.Allocated();
        var seen = await load.RunAsync();
        return new Slice(
            seen,
            subject.ProcessorTime() - cpu,
            subject.DatabaseTime() - database,
            subject.IdleTime() - idle,
            subject.Allocated is null ? null : await subject.Allocated() - allocated
        );
    }
}
