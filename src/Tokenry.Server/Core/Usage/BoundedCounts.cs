using System.Collections.Concurrent;

namespace Tokenry.Server.Core.Usage;

/// <summary>The count of one key between two times.</summary>
/// <param name="Key">The key.</param>
/// <param name="Count">The count.</param>
/// <param name="First">Unix ms of the first one.</param>
/// <param name="Last">Unix ms of the last one.</param>
public readonly record struct BoundedCount<TKey>(TKey Key, long Count, long First, long Last)
{
    /// <summary>The sum of two counts of the same key.</summary>
    public BoundedCount<TKey> Plus(in BoundedCount<TKey> other) =>
        this with
        {
            Count = Count + other.Count,
            First = Math.Min(First, other.First),
            Last = Math.Max(Last, other.Last),
        };
}

/// <summary>
/// Counts by key until it is drained. No count is lost during a drain. There are at most <paramref name="most"/> keys; further counts go to
/// the key that <paramref name="other"/> returns.
/// </summary>
public sealed class BoundedCounts<TKey>(int most, Func<TKey, TKey> other)
    where TKey : notnull
{
    private ConcurrentDictionary<TKey, Tally> tallies = new();
    private int keys;

    public bool IsEmpty => tallies.IsEmpty;

    public void Count(TKey key, long at)
    {
        while (true)
        {
            var current = Volatile.Read(ref tallies);
            var tally = Find(current, key);
            // If a drain took this dictionary meanwhile, its tally may be closed: then count again in the new one.
            if (ReferenceEquals(current, Volatile.Read(ref tallies)) && tally.TryAdd(at))
            {
                return;
            }
        }
    }

    /// <summary>Returns the counts since the last drain.</summary>
    public List<BoundedCount<TKey>> Drain()
    {
        var taken = Interlocked.Exchange(ref tallies, new());
        Volatile.Write(ref keys, 0);
        return [.. taken.Select(pair => pair.Value.Close(pair.Key)).Where(tallied => tallied.Count > 0)];
    }

    private Tally Find(ConcurrentDictionary<TKey, Tally> current, TKey key)
    {
        if (current.TryGetValue(key, out var known))
        {
            return known;
        }

        if (Interlocked.Increment(ref keys) > most)
        {
            Interlocked.Decrement(ref keys);
            key = other(key);
        }

        return current.GetOrAdd(key, static _ => new Tally());
    }

    private sealed class Tally
    {
        private long count;
        private long first;
        private long last;
        private bool closed;

        public bool TryAdd(long at)
        {
            lock (this)
            {
                if (closed)
                {
                    return false;
                }

                first = count == 0 ? at : Math.Min(first, at);
                last = Math.Max(last, at);
                count++;
                return true;
            }
        }

        public BoundedCount<TKey> Close(TKey key)
        {
            lock (this)
            {
                closed = true;
                return new(key, count, first, last);
            }
        }
    }
}
