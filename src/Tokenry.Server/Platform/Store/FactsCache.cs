using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Store;

/// <summary>How full a cache is, and how often it was asked for what it had or had not.</summary>
public sealed record FactsCacheCounts(int Entries, long Hits, long Misses);

/// <summary>
/// Facts by id, loaded once for any number of concurrent askers. A change drops the entry together with a load that is under way,
/// so whoever asks after the change is acknowledged reads the store again. Absence is never cached.
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

    /// <param name="load">Reads the store; <c>null</c> where there is no such thing.</param>
    /// <param name="freshness">Whether what is cached may be used.</param>
    /// <param name="capacity">How much may be cached, in units of <paramref name="weigh"/>.</param>
    /// <param name="weigh">What facts count for, where some need much more memory than others; <c>null</c> = 1 each.</param>
    public FactsCache(Func<string, Task<T?>> load, Freshness freshness, int capacity, Func<T, int>? weigh = null)
    {
        this.weigh = weigh;
        this.load = load;
        this.freshness = freshness;
        this.capacity = capacity;
        bySpan = entries.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public FactsCacheCounts Counts => new(Volatile.Read(ref count), hits.Value, misses.Value);

    /// <summary>The facts, from memory where they may be used; does not allocate then.</summary>
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

    /// <summary>Changes facts that are loaded, where that is cheaper than loading them again; a load under way is dropped.</summary>
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

    // The order of a hash table is as good as random, which is all that eviction needs when facts are cheap to load again.
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

        /// <returns>By how much it changed; 0 for an entry that was removed meanwhile.</returns>
        public int ChangeWeight(int now)
        {
            lock (facts)
            {
                var change = isRemoved ? 0 : now - weight;
                weight += change;
                return change;
            }
        }

        /// <returns>By how much the weight of the cache changes.</returns>
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
