using System.Net;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// Slows a client that keeps failing, per (client, address): sixty failures at once, then one a second. Only failures are slowed: a client that
/// presents the right secret is served, however many failures came from the same address, so that no client can be locked out. The table has a
/// fixed size and forgets by time alone: invented clients share its places and drive nothing out.
/// </summary>
public sealed class FailureThrottle(TimeProvider time)
{
    private const int Places = 32_768; // a power of two
    private const int LongestClient = 64;

    private static readonly long PerFailure = TimeSpan.TicksPerSecond;
    private static readonly long Burst = 60 * PerFailure;

    private readonly long startedAt = time.GetTimestamp();

    /// <summary>Until when each place has failures to wait off, in ticks since the start; 0 = it never had one.</summary>
    private readonly long[] busyUntil = new long[Places];

    /// <summary>Counts a failure; <c>true</c> once there were too many.</summary>
    public bool IsTooMany(string client, IPAddress? address)
    {
        ref var until = ref Place(client, address);
        var now = Now;
        while (true)
        {
            var known = Volatile.Read(ref until);
            var next = Math.Max(known, now) + PerFailure;
            if (next - now > Burst)
            {
                return true;
            }

            if (Interlocked.CompareExchange(ref until, next, known) == known)
            {
                return false;
            }
        }
    }

    /// <summary>Whether there were too many, without counting one.</summary>
    public bool IsBlocked(string client, IPAddress? address)
    {
        var now = Now;
        return Math.Max(Volatile.Read(ref Place(client, address)), now) + PerFailure - now > Burst;
    }

    private long Now => time.GetElapsedTime(startedAt).Ticks;

    /// <summary>The hash has a seed of this process: which clients share a place cannot be known from outside.</summary>
    private ref long Place(string client, IPAddress? address) =>
        ref busyUntil[HashCode.Combine(client.Length > LongestClient ? "" : client, Networks.Key(address)) & (Places - 1)];
}
