namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Whether cached facts may be used. On SQLite always: caches change with the commit. On PostgreSQL while the last good poll of
/// <c>changes</c> began less than five seconds ago; afterwards every fact is read through, and with the database away that is a 503.
/// </summary>
public sealed class Freshness(TimeProvider time, bool alwaysFresh)
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private long asOf = long.MinValue;

    public bool IsFresh =>
        alwaysFresh || (Interlocked.Read(ref asOf) is var start && start != long.MinValue && time.GetElapsedTime(start) < MaxAge);

    /// <summary>How old cached facts may be; <c>null</c> before the first good poll.</summary>
    public TimeSpan? Age =>
        alwaysFresh ? TimeSpan.Zero
        : Interlocked.Read(ref asOf) is var start && start != long.MinValue ? time.GetElapsedTime(start)
        : null;

    /// <param name="startedAt">Monotonic time at the <em>start</em> of the poll that succeeded.</param>
    public void PolledAt(long startedAt) => Interlocked.Exchange(ref asOf, startedAt);
}
