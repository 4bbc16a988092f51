using System.Collections.Concurrent;

namespace Tokenry.Server.Foundation.Storage;

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
    private readonly StripedCounter hits = new();
    private readonly StripedCounter misses = new();
    private int count;

    public FactsCache(Func<string, Task<T?>> load, Freshness freshness, int capacity)
    {
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
        if (entries.TryRemove(id, out _))
        {
            Interlocked.Decrement(ref count);
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

        if (Interlocked.Increment(ref count) > capacity)
        {
            Trim();
        }

        try
        {
            var facts = await entry.Facts;
            if (facts is null)
            {
                Drop(id, entry);
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
            Interlocked.Decrement(ref count);
        }
    }

    // The order of a hash table is as good as random, which is all that eviction needs when facts are cheap to load again.
    private void Trim()
    {
        var surplus = Math.Max(1, capacity / 16);
        foreach (var (id, _) in entries)
        {
            if (surplus-- == 0)
            {
                return;
            }

            Invalidate(id);
        }
    }

    private sealed class Entry(Func<Task<T?>> load)
    {
        private readonly Lazy<Task<T?>> facts = new(load);

        public Task<T?> Facts => facts.Value;
    }
}
