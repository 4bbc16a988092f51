using System.Net;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// Slows repeated failures of one client from one address: sixty at once, then one a second. It slows failures only. A client with the right
/// secret is always served, so an attacker cannot lock a client out. The table has a fixed size, and its entries end by time only: invented
/// clients share its slots and evict no entry.
/// </summary>
public sealed class FailureThrottle(TimeProvider time)
{
    private const int Places = 32_768; // a power of two
    private const int LongestClient = 64;

    private static readonly long PerFailure = TimeSpan.TicksPerSecond;
    private static readonly long Burst = 60 * PerFailure;

    private readonly long startedAt = time.GetTimestamp();

    /// <summary>For each slot, the time at which its failures are worked off, in ticks since the start; 0 = no failure yet.</summary>
    private readonly long[] busyUntil = new long[Places];

    /// <summary>Counts a failure; <c>true</c> if there were too many.</summary>
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

    /// <summary>Whether there were too many failures; counts none.</summary>
    public bool IsBlocked(string client, IPAddress? address)
    {
        var now = Now;
        return Math.Max(Volatile.Read(ref Place(client, address)), now) + PerFailure - now > Burst;
    }

    private long Now => time.GetElapsedTime(startedAt).Ticks;

    /// <summary>The hash uses a random seed of this process, so an attacker cannot find clients that share a slot.</summary>
    private ref long Place(string client, IPAddress? address) =>
        ref busyUntil[HashCode.Combine(client.Length > LongestClient ? "" : client, Networks.Key(address)) & (Places - 1)];
}
