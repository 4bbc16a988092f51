using System.Data.Common;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>The store. Reads and writes are whole operations, so that SQLite can run each on its one writer and PostgreSQL in one transaction.</summary>
public abstract class Database : IAsyncDisposable
{
    public abstract Dialect Dialect { get; }

    /// <summary>What is said of the engine at start.</summary>
    public abstract string Description { get; }

    /// <exception cref="StoreUnavailableException">The store is away or did not answer in time.</exception>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read);

    /// <summary>
    /// Runs <paramref name="operation"/> in a transaction and returns once it is durable and the caches of this process know of it.
    /// The operation awaits nothing but the transaction's own statements.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store is away, full or did not answer; the operation may be tried again.</exception>
    /// <exception cref="UniqueViolationException">A unique constraint was in the way; nothing was written.</exception>
    public abstract Task<T> WriteAsync<T>(Func<WriteTransaction, Task<T>> operation);

    /// <summary>Runs before anything else at start; alone, whatever other processes do.</summary>
    public abstract Task MigrateAsync(IReadOnlyList<Migration> migrations);

    public abstract ValueTask DisposeAsync();
}
