using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Store;

/// <summary>Gives one object for equal texts from the store while any reference to it exists: a hundred thousand equal rows share one object.</summary>
/// <param name="make">Creates an immutable object that depends only on the text.</param>
public sealed class InternPool<T>(Func<string, T> make)
    where T : class
{
    private const int LeastToSweep = 1024;

    private readonly ConcurrentDictionary<string, WeakReference<T>> known = new(StringComparer.Ordinal);
    private readonly Lock sweeping = new();
    private int sweepAt = LeastToSweep;

    /// <summary>The number of remembered texts; the objects of some may have no references left.</summary>
    internal int Count => known.Count;

    public T Get(string text) => known.TryGetValue(text, out var reference) && reference.TryGetTarget(out var shared) ? shared : Add(text);

    private T Add(string text)
    {
        var made = make(text);
        var winner = made;
        known.AddOrUpdate(
            text,
            static (_, mine) => new WeakReference<T>(mine),
            (_, present, mine) =>
            {
                if (present.TryGetTarget(out var theirs))
                {
                    winner = theirs;
                    return present;
                }

                winner = mine;
                return new WeakReference<T>(mine);
            },
            made
        );
        Sweep();
        return winner;
    }

    /// <summary>Drops entries without references, each time the number of entries has doubled.</summary>
    private void Sweep()
    {
        if (known.Count < Volatile.Read(ref sweepAt) || !sweeping.TryEnter())
        {
            return;
        }

        try
        {
            foreach (var entry in known)
            {
                if (!entry.Value.TryGetTarget(out _))
                {
                    known.TryRemove(entry);
                }
            }

            Volatile.Write(ref sweepAt, Math.Max(LeastToSweep, 2 * known.Count));
        }
        finally
        {
            sweeping.Exit();
        }
    }
}
