namespace Tokenry.Server.Core.Limits;

/// <summary>Counts attempts by a key in a table of a fixed size: so many at once, and then one in each interval. Keys may share a place.</summary>
internal sealed class AttemptMeter(TimeProvider time, int attempts, TimeSpan interval)
{
    private const int Places = 65_536; // a power of two

    private readonly long startedAt = time.GetTimestamp();
    private readonly long burst = attempts * interval.Ticks;

    /// <summary>For each place, when its attempts are worked off, in ticks since the start.</summary>
    private readonly long[] busyUntil = new long[Places];

    private long Now => time.GetElapsedTime(startedAt).Ticks;

    /// <summary>Counts an attempt.</summary>
    /// <returns>The time to wait if there were too many; otherwise zero.</returns>
    public TimeSpan Count(int key)
    {
        ref var until = ref busyUntil[key & (Places - 1)];
        var now = Now;
        while (true)
        {
            var known = Volatile.Read(ref until);
            var next = Math.Max(known, now) + interval.Ticks;
            if (next - now > burst)
            {
                return TimeSpan.FromTicks(next - now - burst);
            }

            if (Interlocked.CompareExchange(ref until, next, known) == known)
            {
                return TimeSpan.Zero;
            }
        }
    }

    public void TakeBack(int key) => Interlocked.Add(ref busyUntil[key & (Places - 1)], -interval.Ticks);
}
