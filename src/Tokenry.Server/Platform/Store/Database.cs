using System.Data.Common;

namespace Tokenry.Server.Platform.Store;

/// <summary>The store. Reads and writes are whole operations, so that SQLite can run each on its one writer and PostgreSQL in one transaction.</summary>
public abstract class Database(TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a failed write is remembered.</summary>
    public static readonly TimeSpan RefusalRemembered = TimeSpan.FromSeconds(5);

    /// <summary>Surveys that run at once.</summary>
    protected const int Surveys = 2;

    private long refusedAt = long.MinValue;

    /// <summary>Whether the store refused a write lately: a full disk takes nothing and still answers what is asked.</summary>
    public bool RefusesWrites =>
        Interlocked.Read(ref refusedAt) is var at && at != long.MinValue && time.GetElapsedTime(at) < RefusalRemembered;

    public abstract Dialect Dialect { get; }

    /// <summary>What is said of the engine at start.</summary>
    public abstract string Description { get; }

    /// <summary>Told of the connection before a list is read: a test asks for the plans of its statements.</summary>
    internal Func<DbConnection, Task>? BeforeList { get; set; }

    /// <exception cref="StoreUnavailableException">The store is away or did not answer in time.</exception>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read);

    /// <summary>
    /// Reads what may take long, for people and reports: on connections of its own, so that doors never wait for it, a few at a time, and
    /// until a deadline.
    /// </summary>
    /// <param name="principal">Who asks; one never has all the turns.</param>
    /// <param name="read">The queries.</param>
    /// <exception cref="StoreUnavailableException">The store is away or did not answer in time.</exception>
    /// <exception cref="ListsBusyException">Too many lists are being read at once.</exception>
    /// <exception cref="ListTooSlowException">The queries took longer than <see cref="ListTooSlowException.Deadline"/>.</exception>
    public virtual Task<T> ListAsync<T>(string principal, Func<DbConnection, Task<T>> read) => ReadAsync(read);

    /// <summary>
    /// Reads much of the store for one answer: on a connection that neither doors nor lists wait for, one at a time for each principal, and until a deadline that is
    /// longer than a list's.
    /// </summary>
    /// <param name="principal">Who asks.</param>
    /// <param name="read">The queries.</param>
    /// <exception cref="StoreUnavailableException">The store is away or did not answer in time.</exception>
    /// <exception cref="ListsBusyException">Too many surveys run.</exception>
    /// <exception cref="ListTooSlowException">It took longer than <see cref="ListTooSlowException.SurveyDeadline"/>.</exception>
    public virtual Task<T> SurveyAsync<T>(string principal, Func<DbConnection, Task<T>> read) => ReadAsync(read);

    /// <summary>
    /// Runs <paramref name="operation"/> in a transaction and returns once it is durable and the caches of this process know of it.
    /// The operation awaits nothing but the transaction's own statements.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store is away, full or did not answer; the operation may be tried again.</exception>
    /// <exception cref="UniqueViolationException">A unique constraint was in the way; nothing was written.</exception>
    public async Task<T> WriteAsync<T>(Func<WriteTransaction, Task<T>> operation)
    {
        try
        {
            return await TransactAsync(operation);
        }
        catch (StoreUnavailableException)
        {
            Interlocked.Exchange(ref refusedAt, time.GetTimestamp());
            throw;
        }
    }

    /// <summary>What <see cref="WriteAsync"/> is on this engine.</summary>
    protected abstract Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation);

    /// <summary>Runs before anything else at start; alone, whatever other processes do.</summary>
    /// <param name="migrations">All there are.</param>
    /// <param name="makesStore">Whether an empty database becomes a store.</param>
    /// <param name="beginning">Told before the tables are changed, which may take minutes.</param>
    public abstract Task MigrateAsync(IReadOnlyList<Migration> migrations, bool makesStore = true, Action<SchemaChange>? beginning = null);

    public abstract ValueTask DisposeAsync();
}
