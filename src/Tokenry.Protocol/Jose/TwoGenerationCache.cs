using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A bounded cache in two generations: when the young one is full it becomes the old one, and what the old one held is forgotten. An entry that is used
/// moves to the young generation, so entries in use stay. Thread-safe; a hit in the young generation takes no lock and allocates nothing.
/// </summary>
/// <param name="most">How many entries a generation holds.</param>
/// <param name="comparer">Compares keys; <c>null</c> = the default.</param>
public sealed class TwoGenerationCache<TKey, TValue>(int most, IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock turning = new();
    private volatile ConcurrentDictionary<TKey, TValue> young = new(comparer);
    private volatile ConcurrentDictionary<TKey, TValue> old = new(comparer);

    /// <summary>Entries of the young generation: to ask a concurrent dictionary for its count takes all its locks.</summary>
    private int count;

    /// <summary>Finds an entry.</summary>
    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (young.TryGetValue(key, out value))
        {
            return true;
        }

        if (!old.TryGetValue(key, out value))
        {
            return false;
        }

        Set(key, value);
        return true;
    }

    /// <summary>Finds an entry by what its key is made of, such as the characters of a string; the comparer must know how.</summary>
    public bool TryGet<TAlternate>(TAlternate key, [NotNullWhen(true)] out TValue? value)
        where TAlternate : notnull, allows ref struct
    {
        if (young.GetAlternateLookup<TAlternate>().TryGetValue(key, out value))
        {
            return true;
        }

        if (!old.GetAlternateLookup<TAlternate>().TryGetValue(key, out var known, out value))
        {
            return false;
        }

        Set(known, value);
        return true;
    }

    /// <summary>Adds an entry, or replaces it.</summary>
    public void Set(TKey key, TValue value)
    {
        lock (turning)
        {
            if (count == most)
            {
                (old, young, count) = (young, new(comparer), 0);
            }

            if (young.TryAdd(key, value))
            {
                count++;
            }
            else
            {
                young[key] = value;
            }
        }
    }
}
