using System.Data.Common;
using Dapper;
using Npgsql;
using Tokenry.Server.Foundation.Audit;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>PostgreSQL 14 or newer, for several replicas.</summary>
public sealed class PostgresDatabase : Database
{
    private const long MigrationLock = 7600000;
    private const int FeedConnections = 2;
    private const int MostKeptThreads = 64;

    private readonly NpgsqlDataSource source;

    // The feed has connections of its own: requests that wait for one must not make every fact stale.
    private readonly NpgsqlDataSource feedSource;
    private readonly AuditChain chain;
    private readonly ChangeHub hub;
    private readonly TimeProvider time;
    private readonly StoreMetrics metrics;

    // Cancelled while the feed finds the database away.
    private CancellationTokenSource outage = new();

    public PostgresDatabase(string connectionString, AuditChain chain, ChangeHub hub, TimeProvider time, StoreMetrics metrics)
        : base(time)
    {
        this.chain = chain;
        this.hub = hub;
        this.time = time;
        this.metrics = metrics;
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "tokenry" };
        Default(builder, "Timeout", 3);
        Default(builder, "Command Timeout", 5);
        Default(builder, "Cancellation Timeout", 500);
        Default(builder, "Maximum Pool Size", 20);
        Default(builder, "Max Auto Prepare", 50);
        source = Named("requests");
        KeepThreads(builder.MaxPoolSize + FeedConnections);
        builder.MinPoolSize = 0;
        builder.MaxPoolSize = FeedConnections;
        feedSource = Named("feed");
        Description = $"PostgreSQL at {builder.Host}:{builder.Port}/{builder.Database}";

        // Metrics name the pool; without a name of its own it would be the connection string.
        NpgsqlDataSource Named(string pool) => new NpgsqlDataSourceBuilder(builder.ConnectionString) { Name = pool }.Build();

        static void Default(NpgsqlConnectionStringBuilder builder, string key, object value)
        {
            if (!builder.ShouldSerialize(key))
            {
                builder[key] = value;
            }
        }
    }

    public override Dialect Dialect => Dialect.Postgres;

    public override string Description { get; }

    /// <summary>A connection for LISTEN.</summary>
    internal Task<NpgsqlConnection> OpenFeedAsync(CancellationToken cancellation) => feedSource.OpenConnectionAsync(cancellation).AsTask();

    internal Task<T> ReadFeedAsync<T>(Func<DbConnection, Task<T>> read) => ReadAsync(feedSource, metrics.PollUnserved, read, default);

    /// <summary>
    /// From here on nobody waits for the database, neither who comes nor who waits already: a frozen one would hold each for many seconds, and
    /// as many at once as clients send meanwhile.
    /// </summary>
    internal Task IsAwayAsync() => Volatile.Read(ref outage).CancelAsync();

    /// <summary>The database answers again. Idle connections from before may lead nowhere.</summary>
    internal void IsBack()
    {
        source.Clear();
        Volatile.Write(ref outage, new()); // not disposed: somebody may be about to ask it
    }

    public override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read) =>
        UnlessAwayAsync(metrics.ReadUnserved, away => ReadAsync(source, metrics.ReadUnserved, read, away));

    protected override Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation) =>
        UnlessAwayAsync(metrics.WriteUnserved, away => TransactAsync(operation, away));

    /// <summary>
    /// What is left behind goes on until the database answers or its command times out, and gives its connection back; a write among it may
    /// yet commit, as with any answer that is lost.
    /// </summary>
    private async Task<T> UnlessAwayAsync<T>(Action unserved, Func<CancellationToken, Task<T>> run)
    {
        var known = Volatile.Read(ref outage);
        if (known.IsCancellationRequested)
        {
            unserved();
            throw new StoreUnavailableException("The database is away.");
        }

        try
        {
            return await run(known.Token).WaitAsync(known.Token);
        }
        catch (OperationCanceledException) when (known.IsCancellationRequested)
        {
            unserved();
            throw new StoreUnavailableException("The database went away.");
        }
    }

    /// <summary>
    /// A command that timed out the driver cancels by asking the server, on a thread that waits for it. A frozen server would take every thread
    /// there is, and with them the answers that need no database: so many more are there at once.
    /// </summary>
    private static void KeepThreads(int connections)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + Math.Min(connections, MostKeptThreads)), ports);
    }

    private static async Task<T> ReadAsync<T>(
        NpgsqlDataSource from,
        Action unserved,
        Func<DbConnection, Task<T>> read,
        CancellationToken away
    )
    {
        try
        {
            await using var connection = await from.OpenConnectionAsync(away);
            return await read(connection);
        }
        catch (Exception exception) when (Translate(exception) is { } translated)
        {
            throw Counted(translated, unserved);
        }
    }

    private async Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation, CancellationToken away)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(away);
            // Once begun it goes on to its end: the driver would cancel by asking a server that does not answer.
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            var write = new WriteTransaction(connection, transaction, Dialect);
            var result = await operation(write);
            await write.FinishAsync(chain, time.GetUtcNow().ToUnixTimeMilliseconds());
            var committing = time.GetTimestamp();
            await transaction.CommitAsync(CancellationToken.None);
            metrics.Committed(time.GetElapsedTime(committing), write.AuditEvents);
            chain.Committed(write.NewestEvent);
            hub.Publish(write.Changes);
            return result;
        }
        catch (Exception exception) when (Translate(exception) is { } translated)
        {
            throw Counted(translated, metrics.WriteUnserved);
        }
    }

    private static Exception Counted(Exception translated, Action unserved)
    {
        if (translated is StoreUnavailableException)
        {
            unserved();
        }

        return translated;
    }

    public override async Task MigrateAsync(IReadOnlyList<Migration> migrations)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(
                "SELECT pg_advisory_xact_lock(@MigrationLock)",
                new { MigrationLock },
                transaction,
                commandTimeout: 600
            );
            await Migration.ApplyAsync(new WriteTransaction(connection, transaction, Dialect), migrations);
            await transaction.CommitAsync();
        }
        catch (Exception exception) when (Translate(exception) is { } translated)
        {
            throw translated;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await feedSource.DisposeAsync();
        await source.DisposeAsync();
        outage.Dispose();
    }

    /// <summary>What a caller can act on, or <c>null</c> where the fault is ours and must be seen as such.</summary>
    internal static Exception? Translate(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => new UniqueViolationException(exception),
            // Connection, resources, operator intervention, system and internal errors, lock conflicts, read-only standby.
            PostgresException { SqlState: var state } => state[..2]
                is "08"
                    or "53"
                    or "57"
                    or "58"
                    or "40"
                    or "55"
                    or "25"
                    or "28"
                    or "3D"
                    or "XX"
                ? new StoreUnavailableException("The database did not serve the request.", exception)
                : null,
            NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException => new StoreUnavailableException(
                "The database is not reachable.",
                exception
            ),
            _ => null,
        };
}
