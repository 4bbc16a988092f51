namespace Tokenry.Testing;

/// <summary>The last lines a process wrote. Bounded: a chaos run logs for minutes and nobody reads the beginning.</summary>
internal sealed class OutputLines
{
    private const int Capacity = 20_000;
    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private long _added;

    public void Add(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            _added++;
            if (_lines.Count > Capacity)
                _lines.Dequeue();
        }
    }

    public IReadOnlyList<string> Snapshot()
    {
        lock (_gate)
            return [.. _lines];
    }

    /// <summary>How many lines were written so far.</summary>
    public long Added
    {
        get
        {
            lock (_gate)
                return _added;
        }
    }

    /// <summary>The lines after the first <paramref name="position"/>, as far as they are still kept.</summary>
    public IReadOnlyList<string> Since(long position)
    {
        lock (_gate)
            return [.. _lines.Skip((int)Math.Max(0, _lines.Count - (_added - position)))];
    }

    public override string ToString() => string.Join('\n', Snapshot());
}
