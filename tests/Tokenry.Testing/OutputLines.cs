namespace Tokenry.Testing;

/// <summary>The last lines a process wrote. Bounded: a chaos run logs for minutes and nobody reads the beginning.</summary>
internal sealed class OutputLines
{
    private const int Capacity = 20_000;
    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

    public void Add(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Capacity)
                _lines.Dequeue();
        }
    }

    public IReadOnlyList<string> Snapshot()
    {
        lock (_gate)
            return [.. _lines];
    }

    public override string ToString() => string.Join('\n', Snapshot());
}
