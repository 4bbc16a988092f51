namespace Tokenry.Server.Composition.Demo;

/// <summary>
/// The clock of the server while it lives through the months of a demonstration. It stands until the story moves it, and never goes back. Timers are those of
/// the real clock, so the server's background work goes on.
/// </summary>
internal sealed class StoryClock(DateTimeOffset start) : TimeProvider
{
    private long ticks = start.UtcTicks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    /// <summary>Moves the clock to a later moment; an earlier one changes nothing.</summary>
    public void MoveTo(DateTimeOffset at)
    {
        if (at.UtcTicks > Interlocked.Read(ref ticks))
        {
            Interlocked.Exchange(ref ticks, at.UtcTicks);
        }
    }

    /// <summary>Moves the clock on.</summary>
    public void Advance(TimeSpan span) => Interlocked.Add(ref ticks, span.Ticks);
}
