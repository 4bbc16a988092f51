using System.Collections.Immutable;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>One line of a metric, or one histogram: atomic additions without a lock. A concurrent read is off by at most one measurement.</summary>
internal sealed class MetricSeries(ImmutableArray<double> bounds)
{
    private readonly long[] buckets = bounds.Length == 0 ? [] : new long[bounds.Length + 1];
    private long whole;
    private double fraction;

    public double Value => Interlocked.Read(ref whole) + Volatile.Read(ref fraction);

    /// <summary>The count of each bucket alone; the last bucket is above every bound.</summary>
    public ReadOnlySpan<long> Buckets => buckets;

    public void Add(long amount) => Interlocked.Add(ref whole, amount);

    public void Add(double amount)
    {
        var current = Volatile.Read(ref fraction);
        while (true)
        {
            var seen = Interlocked.CompareExchange(ref fraction, current + amount, current);
            if (BitConverter.DoubleToInt64Bits(seen) == BitConverter.DoubleToInt64Bits(current))
            {
                return;
            }

            current = seen;
        }
    }

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref buckets[bucket]);
        Add(value);
    }
}
