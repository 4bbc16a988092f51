namespace Tokenry.Server.Composition.Demo;

/// <summary>Numbers that look thrown and are always the same, so that the demonstration is too: no real randomness.</summary>
internal sealed class DemoDice
{
    private uint seed = 20991231;

    /// <summary>A number below a limit, which is at most 2^24.</summary>
    public int Pick(int limit)
    {
        seed = unchecked(seed * 1664525 + 1013904223);
        return (int)((seed >> 8) % (uint)limit);
    }

    /// <summary>One of them.</summary>
    public T Of<T>(IReadOnlyList<T> items) => items[Pick(items.Count)];
}
