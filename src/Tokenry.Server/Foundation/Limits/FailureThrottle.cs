using System.Collections.Concurrent;
using System.Net;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Foundation.Limits;

/// <summary>
/// Slows whoever keeps failing, per (client, address): sixty failures at once, then one a second. Only failures are slowed: who presents the
/// right secret is served whatever others did from the same address, so that nobody can be locked out.
/// </summary>
public sealed class FailureThrottle(TimeProvider time)
{
    private const int Burst = 60;
    private const double PerSecond = 1;
    private const int MostKeys = 10_000;

    private readonly ConcurrentDictionary<(string Client, ulong Network), Bucket> buckets = new();

    /// <summary>Counts a failure; <c>true</c> once there were too many.</summary>
    public bool IsTooMany(string client, IPAddress? address)
    {
        if (buckets.Count > MostKeys)
        {
            buckets.Clear(); // a flood from everywhere: start again rather than grow
        }

        var now = time.GetTimestamp();
        var bucket = buckets.GetOrAdd(
            (client.Length > 64 ? "" : client, Networks.Key(address)),
            _ => new Bucket { Tokens = Burst, At = now }
        );
        lock (bucket)
        {
            bucket.Tokens = Math.Min(Burst, bucket.Tokens + time.GetElapsedTime(bucket.At, now).TotalSeconds * PerSecond);
            bucket.At = now;
            if (bucket.Tokens < 1)
            {
                return true;
            }

            bucket.Tokens--;
            return false;
        }
    }

    /// <summary>Whether there were too many, without counting one.</summary>
    public bool IsBlocked(string client, IPAddress? address)
    {
        if (!buckets.TryGetValue((client, Networks.Key(address)), out var bucket))
        {
            return false;
        }

        lock (bucket)
        {
            return bucket.Tokens + time.GetElapsedTime(bucket.At).TotalSeconds * PerSecond < 1;
        }
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long At { get; set; }
    }
}
