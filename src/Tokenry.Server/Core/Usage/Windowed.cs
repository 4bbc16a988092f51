using System.Collections.Concurrent;

namespace Tokenry.Server.Core.Usage;

/// <summary>Counts by key within fixed windows, in memory, for at most ten thousand keys.</summary>
public sealed class Windowed<TKey>(TimeSpan window)
    where TKey : notnull
{
    private const int MostKeys = 10_000;

    private readonly long length = (long)window.TotalMilliseconds;
    private readonly ConcurrentDictionary<TKey, int> counts = new();
    private int keys;
    private long current;

    /// <summary>The count of the key in this window, this one included; 0 if there are too many keys.</summary>
    public int Count(TKey key, long now)
    {
        Forget(now);
        if (counts.TryGetValue(key, out _) || Interlocked.Increment(ref keys) <= MostKeys)
        {
            return counts.AddOrUpdate(key, 1, static (_, count) => count + 1);
        }

        return 0;
    }

    /// <summary>Starts a new window if one is due; returns whether it did.</summary>
    public bool Forget(long now)
    {
        var known = Interlocked.Read(ref current);
        var due = now - now % length;
        if (due <= known || Interlocked.CompareExchange(ref current, due, known) != known)
        {
            return false;
        }

        counts.Clear();
        Volatile.Write(ref keys, 0);
        return true;
    }
}
