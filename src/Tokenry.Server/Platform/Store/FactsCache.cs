using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Store;

/// <summary>The number of entries of a cache, and how often it had a requested entry or not.</summary>
public sealed record FactsCacheCounts(int Entries, long Hits, long Misses);

/// <summary>
/// Facts by id. Concurrent requests for one id share one load. A change drops the entry and any load in progress, so a request after the acknowledged change
/// reads the store again. The cache never holds absence.
/// </summary>
public sealed class FactsCache<T>
    where T : class
{
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> bySpan;
    private readonly Func<string, Task<T?>> load;
    private readonly Freshness freshness;
    private readonly int capacity;
    private readonly Func<T, int>? weigh;
    private readonly StripedCounter hits = new();
    private readonly StripedCounter misses = new();
    private int count;
    private int weight;

    /// <param name="load">Reads the store; <c>null</c> if it does not exist.</param>
    /// <param name="freshness">Whether cached facts may be used.</param>
    /// <param name="capacity">The capacity, in units of <paramref name="weigh"/>.</param>
    /// <param name="weigh">The weight of facts, if some need much more memory than others; <c>null</c> = 1 each.</param>
    public FactsCache(Func<string, Task<T?>> load, Freshness freshness, int capacity, Func<T, int>? weigh = null)
    {
        this.weigh = weigh;
        this.load = load;
        this.freshness = freshness;
        this.capacity = capacity;
        bySpan = entries.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public FactsCacheCounts Counts => new(Volatile.Read(ref count), hits.Value, misses.Value);

    /// <summary>The facts, from memory if they may be used; then it does not allocate.</summary>
    public ValueTask<T?> GetAsync(ReadOnlySpan<char> id)
    {
        if (!freshness.IsFresh)
        {
            misses.Increment();
            return new(load(id.ToString()));
        }

        if (bySpan.TryGetValue(id, out var entry))
        {
            hits.Increment();
            var task = entry.Facts;
            return task.IsCompletedSuccessfully ? new(task.Result) : new(task);
        }

        misses.Increment();
        return new(LoadOnceAsync(id.ToString()));
    }

    /// <summary>Changes loaded facts in place, if that is cheaper than a new load; drops a load in progress.</summary>
    public void Update(string id, Action<T> change)
    {
        if (entries.TryGetValue(id, out var entry) && entry.Facts is { IsCompletedSuccessfully: true, Result: { } facts })
        {
            change(facts);
        }
        else
        {
            Invalidate(id);
        }
    }

    public void Invalidate(string id)
    {
        if (entries.TryRemove(id, out var entry))
        {
            Removed(entry);
        }
    }

    public void Clear()
    {
        foreach (var (id, _) in entries)
        {
            Invalidate(id);
        }
    }

    private async Task<T?> LoadOnceAsync(string id)
    {
        var entry = new Entry(() => load(id));
        var current = entries.GetOrAdd(id, entry);
        if (!ReferenceEquals(current, entry))
        {
            return await current.Facts;
        }

        Interlocked.Increment(ref count);
        Weighed(entry, 1);
        try
        {
            var facts = await entry.Facts;
            if (facts is null)
            {
                Drop(id, entry);
            }
            else if (weigh?.Invoke(facts) is > 1 and var more)
            {
                Weighed(entry, more);
            }

            return facts;
        }
        catch
        {
            Drop(id, entry);
            throw;
        }
    }

    private void Drop(string id, Entry entry)
    {
        if (entries.TryRemove(KeyValuePair.Create(id, entry)))
        {
            Removed(entry);
        }
    }

    private void Weighed(Entry entry, int now)
    {
        if (Interlocked.Add(ref weight, entry.ChangeWeight(now)) > capacity)
        {
            Trim();
        }
    }

    private void Removed(Entry entry)
    {
        Interlocked.Decrement(ref count);
        Interlocked.Add(ref weight, entry.Remove());
    }

    // The order of a hash table is nearly random. That is good enough for eviction, because facts are cheap to load again.
    private void Trim()
    {
        var wanted = capacity - Math.Max(1, capacity / 16);
        foreach (var (id, _) in entries)
        {
            if (Volatile.Read(ref weight) <= wanted)
            {
                return;
            }

            Invalidate(id);
        }
    }

    private sealed class Entry(Func<Task<T?>> load)
    {
        private readonly Lazy<Task<T?>> facts = new(load);
        private int weight;
        private bool isRemoved;

        public Task<T?> Facts => facts.Value;

        /// <returns>The change of the weight; 0 for an entry that was removed meanwhile.</returns>
        public int ChangeWeight(int now)
        {
            lock (facts)
            {
                var change = isRemoved ? 0 : now - weight;
                weight += change;
                return change;
            }
        }

        /// <returns>The change of the cache's weight.</returns>
        public int Remove()
        {
            lock (facts)
            {
                isRemoved = true;
                return -weight;
            }
        }
    }
}
