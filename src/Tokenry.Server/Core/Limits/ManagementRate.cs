using System.Collections.Concurrent;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// How many requests a minute one credential may make at Tokenry's own API (<c>Tokenry:Management:RequestsPerMinute</c>): a minute's worth at
/// once, then evenly. Counted in the memory of this replica; the doors are not among them.
/// </summary>
public sealed class ManagementRate(TokenryOptions options, TimeProvider time)
{
    /// <summary>Credentials remembered before those are forgotten that have nothing to wait for.</summary>
    private const int MostBeforeSweep = 10_000;

    private readonly long perRequest = options.Management.RequestsPerMinute is > 0 and var most ? TimeSpan.TicksPerMinute / most : 0;
    private readonly long startedAt = time.GetTimestamp();

    /// <summary>Until when the requests of each have to be spread out, in ticks since the start.</summary>
    private readonly ConcurrentDictionary<string, Counter> counters = new(StringComparer.Ordinal);
    private int sweepAt = MostBeforeSweep;

    /// <summary>Counts a request.</summary>
    /// <returns>How long to wait where there were too many, else zero.</returns>
    public TimeSpan Count(string credentialId)
    {
        if (perRequest == 0)
        {
            return TimeSpan.Zero;
        }

        var now = time.GetElapsedTime(startedAt).Ticks;
        if (counters.Count > Volatile.Read(ref sweepAt))
        {
            Sweep(now);
        }

        ref var until = ref counters.GetOrAdd(credentialId, static _ => new Counter()).Until;
        while (true)
        {
            var known = Volatile.Read(ref until);
            var next = Math.Max(known, now) + perRequest;
            if (next - now > TimeSpan.TicksPerMinute)
            {
                return TimeSpan.FromTicks(next - now - TimeSpan.TicksPerMinute);
            }

            if (Interlocked.CompareExchange(ref until, next, known) == known)
            {
                return TimeSpan.Zero;
            }
        }
    }

    /// <summary>Forgets nothing that still counts: one that is idle is like one that never came.</summary>
    private void Sweep(long now)
    {
        foreach (var (id, counter) in counters)
        {
            if (Volatile.Read(ref counter.Until) <= now)
            {
                counters.TryRemove(id, out _);
            }
        }

        Volatile.Write(ref sweepAt, Math.Max(MostBeforeSweep, counters.Count * 2));
    }

    private sealed class Counter
    {
        public long Until;
    }
}
