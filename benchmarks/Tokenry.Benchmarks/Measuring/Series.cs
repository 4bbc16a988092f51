using Tokenry.Benchmarks.Load;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>One slice: what the load saw and what it cost.</summary>
/// <param name="Load">What the load saw.</param>
/// <param name="Cpu">Processor time of the server.</param>
/// <param name="DatabaseCpu">Processor time of its database, where that is another process.</param>
/// <param name="Allocated">Bytes it allocated, where it can say.</param>
public sealed record Slice(LoadResult Load, TimeSpan Cpu, TimeSpan DatabaseCpu, long? Allocated)
{
    public double PerCpuSecond => Load.Requests / Cpu.TotalSeconds;
}

/// <summary>All slices of one subject on one path.</summary>
public sealed record Series(string Subject, string Path, IReadOnlyList<Slice> Slices)
{
    /// <summary>Requests per second of the server's processor time, median.</summary>
    public double PerCpuSecond => Median(Slices.Select(slice => slice.PerCpuSecond));

    public double PerSecond => Median(Slices.Select(slice => slice.Load.PerSecond));

    public double BestPerSecond => Slices.Max(slice => slice.Load.PerSecond);

    public double P50 => Median(Slices.Select(slice => slice.Load.P50));

    public double P99 => Median(Slices.Select(slice => slice.Load.P99));

    public double CpuMicroseconds => 1e6 / PerCpuSecond;

    public double DatabaseMicroseconds => Median(Slices.Select(slice => slice.DatabaseCpu.TotalMicroseconds / slice.Load.Requests));

    public double? AllocatedPerRequest =>
        Slices[0].Allocated is null ? null : Median(Slices.Select(slice => (double)slice.Allocated!.Value / slice.Load.Requests));

    public long Errors => Slices.Sum(slice => slice.Load.Errors);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
