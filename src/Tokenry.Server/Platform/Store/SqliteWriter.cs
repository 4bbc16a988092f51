using System.Collections.Concurrent;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The thread that owns the writing connection. Operations wait in a queue; all that wait when a transaction starts share its COMMIT (group commit). Each has
/// its own SAVEPOINT, so that a failed operation does not affect the others. An operation is acknowledged after COMMIT.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxBatch = 64;
    private const int MaxQueue = 1000;

    private readonly BlockingCollection<Work> queue = new(MaxQueue);
    private readonly SqliteConnection connection;
    private readonly AuditChain chain;
    private readonly ChangeHub hub;
    private readonly TimeProvider time;
    private readonly StoreMetrics metrics;
    private readonly SqliteStatements statements;
    private readonly PreparedConnection prepared;
    private readonly Thread thread;

    public SqliteWriter(string path, AuditChain chain, ChangeHub hub, TimeProvider time, StoreMetrics metrics)
    {
        this.chain = chain;
        this.hub = hub;
        this.time = time;
        this.metrics = metrics;
        connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = SqliteOpenMode.ReadWriteCreate,
                Pooling = false,
                DefaultTimeout = 5,
            }.ToString()
        );
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1; PRAGMA secure_delete = ON;");
            statements = new SqliteStatements(connection.Handle!);
            prepared = new PreparedConnection(connection);
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw new StoreUnavailableException($"The database {path} could not be opened: {exception.Message}", exception);
        }

        metrics.ObserveWriter(() => queue.Count);
        thread = new Thread(Loop) { IsBackground = true, Name = "sqlite-writer" };
        thread.Start();
    }

    public Task<T> RunAsync<T>(Func<WriteTransaction, Task<T>> operation)
    {
        var work = new Work<T>(operation);
        try
        {
            if (queue.TryAdd(work))
            {
                return work.Task;
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            throw new StoreUnavailableException("The server is stopping.", exception);
        }

        throw new StoreUnavailableException("Too many writes are waiting.");
    }

    /// <summary>Finishes the queued operations, then closes; the last connection to close checkpoints the WAL.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        thread.Join();
        statements.Dispose();
        prepared.Dispose();
        connection.Dispose();
        queue.Dispose();
    }

    private void Loop()
    {
        var batch = new List<Work>(MaxBatch);
        foreach (var first in queue.GetConsumingEnumerable())
        {
            batch.Clear();
            try
            {
                statements.Execute("BEGIN IMMEDIATE");
            }
            catch (SqliteException exception)
            {
                first.Fail(new StoreUnavailableException("The database cannot be written.", exception));
                continue;
            }

            Run(first, batch);
            while (batch.Count < MaxBatch && IsInTransaction && queue.TryTake(out var next))
            {
                Run(next, batch);
            }

            Commit(batch);
        }
    }

    private bool IsInTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    private void Run(Work work, List<Work> batch)
    {
        try
        {
            statements.Execute("SAVEPOINT operation");
            var transaction = new WriteTransaction(prepared, null, Dialect.Sqlite, statements);
            work.Run(transaction, chain, time.GetUtcNow().ToUnixTimeMilliseconds());
            statements.Execute("RELEASE operation");
            batch.Add(work);
        }
        catch (Exception exception)
        {
            work.Fail(Translate(exception));
            // A full disk or an I/O error may have rolled back everything; then Commit fails the whole batch.
            if (IsInTransaction)
            {
                statements.Execute("ROLLBACK TO operation");
                statements.Execute("RELEASE operation");
            }
        }
    }

    private void Commit(List<Work> batch)
    {
        var startedAt = time.GetTimestamp();
        try
        {
            if (!IsInTransaction)
            {
                throw new StoreUnavailableException("The transaction was rolled back.");
            }

            statements.Execute("COMMIT");
        }
        catch (Exception exception)
        {
            if (IsInTransaction)
            {
                statements.Execute("ROLLBACK");
            }

            foreach (var work in batch)
            {
                work.Fail(Translate(exception));
            }

            return;
        }

        metrics.Committed(time.GetElapsedTime(startedAt), batch.Sum(work => work.AuditEvents));
        if (batch.Count > 0)
        {
            metrics.Batch(batch.Count); // none if every operation was rolled back
        }

        var last = 0L;
        foreach (var work in batch)
        {
            chain.Committed(work.NewestEvent);
            hub.Publish(work.Changes);
            last = Math.Max(last, work.LastSequence);
        }

        if (last > 0)
        {
            hub.MoveTo(last);
        }

        foreach (var work in batch)
        {
            work.Acknowledge();
        }
    }

    private static Exception Translate(Exception exception) =>
        exception switch
        {
            SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT, SqliteExtendedErrorCode: 1555 or 2067 } =>
                new UniqueViolationException(exception),
            SqliteException
            {
                SqliteErrorCode: raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_NOMEM or raw.SQLITE_CANTOPEN
            } => new StoreUnavailableException("The database cannot be written.", exception),
            _ => exception,
        };

    private abstract class Work
    {
        public IReadOnlyList<Change> Changes { get; protected set; } = [];

        public int AuditEvents { get; protected set; }

        public ChainHead? NewestEvent { get; protected set; }

        public long LastSequence { get; protected set; }

        public abstract void Run(WriteTransaction transaction, AuditChain chain, long now);

        public abstract void Acknowledge();

        public abstract void Fail(Exception exception);
    }

    private sealed class Work<T>(Func<WriteTransaction, Task<T>> operation) : Work
    {
        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;

        public Task<T> Task => completion.Task;

        public override void Run(WriteTransaction transaction, AuditChain chain, long now)
        {
            try
            {
                result = Finished(operation(transaction)).GetAwaiter().GetResult();
                Finished(transaction.FinishAsync(chain, now)).GetAwaiter().GetResult();
                Changes = transaction.Changes;
                AuditEvents = transaction.AuditEvents;
                NewestEvent = transaction.NewestEvent;
                LastSequence = transaction.LastSequence;
            }
            finally
            {
                transaction.End();
            }
        }

        public override void Acknowledge() => completion.SetResult(result);

        public override void Fail(Exception exception) => completion.TrySetException(exception);

        // ADO.NET on SQLite completes at once; anything else would block the writer for all operations.
        private static TTask Finished<TTask>(TTask task)
            where TTask : Task =>
            task.IsCompleted
                ? task
                : throw new InvalidOperationException("A write operation awaited something besides its own statements.");
    }
}
