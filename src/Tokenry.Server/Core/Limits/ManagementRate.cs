using System.Collections.Concurrent;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// Limits the requests a minute of one credential at Tokenry's own API (<c>Tokenry:Management:RequestsPerMinute</c>). A client may send the
/// requests of one minute at once, then at an even rate. Each replica counts in its own memory. Requests at doors do not count.
/// </summary>
public sealed class ManagementRate(TokenryOptions options, TimeProvider time)
{
    /// <summary>The number of credentials in memory that starts a sweep of idle ones.</summary>
    private const int MostBeforeSweep = 10_000;

    private readonly long perRequest = options.Management.RequestsPerMinute is > 0 and var most ? TimeSpan.TicksPerMinute / most : 0;
    private readonly long startedAt = time.GetTimestamp();

    /// <summary>For each credential, the time at which all its requests would be over at an even rate, in ticks since the start.</summary>
    private readonly ConcurrentDictionary<string, Counter> counters = new(StringComparer.Ordinal);
    private int sweepAt = MostBeforeSweep;

    /// <summary>Counts a request.</summary>
    /// <returns>The time to wait if there were too many requests; otherwise zero.</returns>
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

    /// <summary>Removes only idle counters; they count the same as new ones.</summary>
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
