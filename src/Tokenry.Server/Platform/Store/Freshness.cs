namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Whether cached facts may be used. On SQLite always, because caches change with the commit. On PostgreSQL only while the last successful poll of
/// <c>changes</c> started less than five seconds ago. After that, every fact is read from the store; without the database, the answer is 503.
/// </summary>
public sealed class Freshness(TimeProvider time, bool alwaysFresh)
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private long asOf = long.MinValue;

    public bool IsFresh =>
        alwaysFresh || (Interlocked.Read(ref asOf) is var start && start != long.MinValue && time.GetElapsedTime(start) < MaxAge);

    /// <summary>The greatest possible age of cached facts; <c>null</c> before the first successful poll.</summary>
    public TimeSpan? Age =>
        alwaysFresh ? TimeSpan.Zero
        : Interlocked.Read(ref asOf) is var start && start != long.MinValue ? time.GetElapsedTime(start)
        : null;

    /// <param name="startedAt">Monotonic time at the <em>start</em> of the successful poll.</param>
    public void PolledAt(long startedAt) => Interlocked.Exchange(ref asOf, startedAt);
}
