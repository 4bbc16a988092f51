using System.Data.Common;

namespace Tokenry.Server.Platform.Store;

/// <summary>The store. Each read or write is one whole operation: SQLite runs writes on its one writer, PostgreSQL runs each in one transaction.</summary>
public abstract class Database(TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long the server remembers a failed write.</summary>
    public static readonly TimeSpan RefusalRemembered = TimeSpan.FromSeconds(5);

    /// <summary>The number of surveys that may run at once.</summary>
    protected const int Surveys = 2;

    private long refusedAt = long.MinValue;

    /// <summary>Whether the store refused a write recently: with a full disk, it refuses writes but still answers reads.</summary>
    public bool RefusesWrites =>
        Interlocked.Read(ref refusedAt) is var at && at != long.MinValue && time.GetElapsedTime(at) < RefusalRemembered;

    public abstract Dialect Dialect { get; }

    /// <summary>The engine, as the start message names it.</summary>
    public abstract string Description { get; }

    /// <summary>Called with the connection before a list is read: a test reads the plans of its statements.</summary>
    internal Func<DbConnection, Task>? BeforeList { get; set; }

    /// <exception cref="StoreUnavailableException">The store is unreachable or did not answer in time.</exception>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read);

    /// <summary>
    /// Runs reads that may take long, for people and reports. They have connections of their own, so that doors never wait for them. Few run at a time, and
    /// each has a deadline.
    /// </summary>
    /// <param name="principal">The principal that asks; no principal gets all the turns.</param>
    /// <param name="read">The queries.</param>
    /// <exception cref="StoreUnavailableException">The store is unreachable or did not answer in time.</exception>
    /// <exception cref="ListsBusyException">Too many lists run at once.</exception>
    /// <exception cref="ListTooSlowException">The queries took longer than <see cref="ListTooSlowException.Deadline"/>.</exception>
    public virtual Task<T> ListAsync<T>(string principal, Func<DbConnection, Task<T>> read) => ReadAsync(read);

    /// <summary>
    /// Reads a large part of the store for one answer. A survey has a connection that neither doors nor lists wait for. One runs at a time for each principal,
    /// with a longer deadline than a list's.
    /// </summary>
    /// <param name="principal">The principal that asks.</param>
    /// <param name="read">The queries.</param>
    /// <exception cref="StoreUnavailableException">The store is unreachable or did not answer in time.</exception>
    /// <exception cref="ListsBusyException">Too many surveys run at once.</exception>
    /// <exception cref="ListTooSlowException">The queries took longer than <see cref="ListTooSlowException.SurveyDeadline"/>.</exception>
    public virtual Task<T> SurveyAsync<T>(string principal, Func<DbConnection, Task<T>> read) => ReadAsync(read);

    /// <summary>
    /// Runs <paramref name="operation"/> in a transaction. It returns when the transaction is durable and the caches of this process know its changes. The
    /// operation must await only the transaction's own statements.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store is away, full or did not answer; the operation may be tried again.</exception>
    /// <exception cref="UniqueViolationException">A unique constraint was in the way; nothing was written.</exception>
    public Task<T> WriteAsync<T>(Func<WriteTransaction, Task<T>> operation) => RememberingRefusalAsync(() => TransactAsync(operation));

    /// <summary>
    /// Writes one row in a transaction of its own that no fact and no audit event belongs to, such as a claim (<see cref="SingleUse"/>). On PostgreSQL it is
    /// one round trip.
    /// </summary>
    /// <exception cref="StoreUnavailableException">As <see cref="WriteAsync"/>.</exception>
    internal Task WriteAloneAsync<TRow>(RowStatement<TRow> statement, TRow row, Action<TRow, long> returned) =>
        RememberingRefusalAsync(() => WriteRowAsync(statement, row, returned));

    /// <summary>What <see cref="WriteAloneAsync"/> is on this engine.</summary>
    private protected virtual Task<bool> WriteRowAsync<TRow>(RowStatement<TRow> statement, TRow row, Action<TRow, long> returned) =>
        TransactAsync(async tx =>
        {
            await tx.ExecuteEachAsync(statement, [row], returned);
            return true;
        });

    private async Task<T> RememberingRefusalAsync<T>(Func<Task<T>> write)
    {
        try
        {
            return await write();
        }
        catch (StoreUnavailableException)
        {
            Interlocked.Exchange(ref refusedAt, time.GetTimestamp());
            throw;
        }
    }

    /// <summary><see cref="WriteAsync"/> on this engine.</summary>
    protected abstract Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation);

    /// <summary>Migrates the schema. It runs first at start, and excludes other processes.</summary>
    /// <param name="migrations">All migrations.</param>
    /// <param name="makesStore">Whether to turn an empty database into a store.</param>
    /// <param name="beginning">Called before the tables change, which may take minutes.</param>
    public abstract Task MigrateAsync(IReadOnlyList<Migration> migrations, bool makesStore = true, Action<SchemaChange>? beginning = null);

    public abstract ValueTask DisposeAsync();
}
