using Tokenry.Benchmarks.Load;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>One slice: what the load saw and what it cost.</summary>
/// <param name="Load">What the load saw.</param>
/// <param name="Cpu">Processor time of the server.</param>
/// <param name="DatabaseCpu">Processor time of its database, where that is another process.</param>
/// <param name="Idle">Time in which its cores had nothing to do.</param>
/// <param name="Allocated">Bytes it allocated, where it can say.</param>
public sealed record Slice(LoadResult Load, TimeSpan Cpu, TimeSpan DatabaseCpu, TimeSpan Idle, long? Allocated)
{
    public double PerCpuSecond => Load.Requests / Cpu.TotalSeconds;

    /// <summary>Of the processor time that it had or could have had: what other processes took from its cores is not in it.</summary>
    public double IdleShare => Idle / (Cpu + Idle);
}

/// <summary>All slices of one subject on one path, medians unless said otherwise.</summary>
public sealed record Series(string Subject, string Path, IReadOnlyList<Slice> Slices)
{
    /// <summary>Requests per second of the server's processor time.</summary>
    public double PerCpuSecond => Median(Slices.Select(slice => slice.PerCpuSecond));

    public double PerSecond => Median(Slices.Select(slice => slice.Load.PerSecond));

    public double BestPerSecond => Slices.Max(slice => slice.Load.PerSecond);

    public double P50 => Median(Slices.Select(slice => slice.Load.P50));

    public double P99 => Median(Slices.Select(slice => slice.Load.P99));

    public double CpuMicroseconds => Median(Slices.Select(slice => 1e6 / slice.PerCpuSecond));

    public double DatabaseMicroseconds => Median(Slices.Select(slice => slice.DatabaseCpu.TotalMicroseconds / slice.Load.Requests));

    public double? AllocatedPerRequest =>
        Slices[0].Allocated is null ? null : Median(Slices.Select(slice => (double)slice.Allocated!.Value / slice.Load.Requests));

    public double IdleShare => Median(Slices.Select(slice => slice.IdleShare));

    public long Errors => Slices.Sum(slice => slice.Load.Errors);

    /// <summary>
    /// How many times as much it serves for the same processor time: slice by slice beside the other's of the same round, so that a machine
    /// that slows down meanwhile slows both.
    /// </summary>
    /// <param name="other">Measured in the same rounds.</param>
    /// <param name="limit">What the other's rate stands for; itself, if left out.</param>
    public double RatioTo(Series other, Func<double, double>? limit = null) =>
        Median(Slices.Zip(other.Slices, (mine, theirs) => mine.PerCpuSecond / (limit?.Invoke(theirs.PerCpuSecond) ?? theirs.PerCpuSecond)));

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
