using System.Data.Common;
using System.Globalization;
using Dapper;
using Npgsql;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Store;

/// <summary>PostgreSQL 14 or newer, for several replicas.</summary>
public sealed class PostgresDatabase : Database
{
    private const long MigrationLock = 7600000;
    private const int FeedConnections = 2;
    private const int ListConnections = 4;

    private readonly string connectionString;
    private readonly string address;
    private readonly AuditChain chain;
    private readonly ChangeHub hub;
    private readonly TimeProvider time;
    private readonly StoreMetrics metrics;
    private readonly ListTurns turns;
    private readonly ListTurns surveyTurns;

    private NpgsqlDataSource source;

    // The feed has its own connections, so that requests waiting for one do not make every fact stale. Lists have their own too, so that doors do not wait for
    // lists.
    private NpgsqlDataSource feedSource;
    private NpgsqlDataSource listSource;

    /// <summary>Whether a connection pooler is between; then statements of one client may run in different sessions.</summary>
    private bool isPooled;

    /// <summary>Milliseconds of <see cref="ListTooSlowException.Deadline"/>.</summary>
    private static readonly string ListDeadline = string.Create(
        CultureInfo.InvariantCulture,
        $"SET LOCAL statement_timeout = {(long)ListTooSlowException.Deadline.TotalMilliseconds}"
    );

    // Cancelled while the feed finds the database unreachable.
    private CancellationTokenSource outage = new();

    public PostgresDatabase(string connectionString, AuditChain chain, ChangeHub hub, TimeProvider time, StoreMetrics metrics)
        : base(time)
    {
        this.connectionString = connectionString;
        this.chain = chain;
        this.hub = hub;
        this.time = time;
        this.metrics = metrics;
        var settings = PostgresSettings.Read(connectionString, isPooled: false);
        var lists = Math.Min(ListConnections, settings.MaxPoolSize);
        turns = new ListTurns(lists, time);
        surveyTurns = new ListTurns(Surveys, time);
        // After a command time-out, the driver asks the server to cancel, on a thread that waits for the answer. A frozen server would block every thread of
        // the pool, also those for answers that need no database.
        PoolThreads.KeepMore(settings.MaxPoolSize + FeedConnections + lists);
        address = $"PostgreSQL at {settings.Host}:{settings.Port}/{settings.Database}";
        (source, feedSource, listSource) = Sources(settings);
    }

    public override Dialect Dialect => Dialect.Postgres;

    public override string Description => isPooled ? $"{address} through a connection pooler (statements are not prepared)" : address;

    /// <summary>Opens a connection for LISTEN.</summary>
    internal Task<NpgsqlConnection> OpenFeedAsync(CancellationToken cancellation) => feedSource.OpenConnectionAsync(cancellation).AsTask();

    internal Task<T> ReadFeedAsync<T>(Func<DbConnection, Task<T>> read) => ReadAsync(feedSource, metrics.PollUnserved, read, default);

    /// <summary>
    /// From here on no operation waits for the database, neither new nor waiting ones. A frozen database would hold each of them for many seconds, while
    /// clients keep sending more.
    /// </summary>
    internal Task IsAwayAsync() => Volatile.Read(ref outage).CancelAsync();

    /// <summary>The database answers again. Idle connections from before may be dead.</summary>
    internal void IsBack()
    {
        source.Clear();
        listSource.Clear();
        Volatile.Write(ref outage, new()); // not disposed: another thread may be about to use it
    }

    public override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read) =>
        UnlessAwayAsync(metrics.ReadUnserved, away => ReadAsync(source, metrics.ReadUnserved, read, away));

    public override Task<T> ListAsync<T>(string principal, Func<DbConnection, Task<T>> read) =>
        turns.RunAsync(principal, () => UnlessAwayAsync(metrics.ReadUnserved, away => ListAsync(read, away)));

    /// <summary>Uses a connection of the requests, and not of the lists: a list starts a transaction of its own.</summary>
    public override Task<T> SurveyAsync<T>(string principal, Func<DbConnection, Task<T>> read) =>
        surveyTurns.RunAsync(principal, () => ReadAsync(read));

    protected override Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation) =>
        UnlessAwayAsync(metrics.WriteUnserved, away => TransactAsync(operation, away));

    /// <summary>
    /// An abandoned operation continues until the database answers or its command times out, and then returns its connection. An abandoned write may still
    /// commit, as after any lost answer.
    /// </summary>
    private async Task<T> UnlessAwayAsync<T>(Action unserved, Func<CancellationToken, Task<T>> run)
    {
        var known = Volatile.Read(ref outage);
        if (known.IsCancellationRequested)
        {
            unserved();
            throw new StoreUnavailableException("The database is not reachable.");
        }

        try
        {
            return await run(known.Token).WaitAsync(known.Token);
        }
        catch (OperationCanceledException) when (known.IsCancellationRequested)
        {
            unserved();
            throw new StoreUnavailableException("The connection to the database was lost.");
        }
    }

    private static (NpgsqlDataSource Requests, NpgsqlDataSource Feed, NpgsqlDataSource Lists) Sources(
        NpgsqlConnectionStringBuilder settings
    )
    {
        var requests = Named("requests", settings.MinPoolSize, settings.MaxPoolSize);
        return (requests, Named("feed", 0, FeedConnections), Named("lists", 0, Math.Min(ListConnections, settings.MaxPoolSize)));

        // The pool has a name for metrics; the default name would be the connection string.
        NpgsqlDataSource Named(string pool, int least, int most)
        {
            var own = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { MinPoolSize = least, MaxPoolSize = most };
            var builder = new NpgsqlDataSourceBuilder(own.ConnectionString) { Name = pool };
            if (own.MaxAutoPrepare > 0)
            {
                builder.UsePhysicalConnectionInitializer(RefusePooler, RefusePoolerAsync);
            }

            return builder.Build();
        }
    }

    /// <summary>Refuses a pooler that appears while the server runs: it would mix up prepared statements, and a valid credential would be unknown.</summary>
    private static void RefusePooler(NpgsqlConnection connection) =>
        RefusePooler(connection, connection.ExecuteScalar<int>("SELECT pg_backend_pid()"));

    private static async Task RefusePoolerAsync(NpgsqlConnection connection) =>
        RefusePooler(connection, await connection.ExecuteScalarAsync<int>("SELECT pg_backend_pid()"));

    private static void RefusePooler(NpgsqlConnection connection, int answering)
    {
        if (PostgresEnvironment.IsAnotherSession(connection, answering))
        {
            throw new StoreUnavailableException(
                "A connection pooler was put in front of the database after the start of the server. Restart the server."
            );
        }
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

    private async Task<T> ListAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken away)
    {
        try
        {
            await using var connection = await listSource.OpenConnectionAsync(away);
            // Only for this transaction: behind a pooler, another client gets the session next.
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            await connection.ExecuteAsync(ListDeadline);
            await (BeforeList?.Invoke(connection) ?? Task.CompletedTask);
            return await read(connection);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            throw new ListTooSlowException(ListTooSlowException.Deadline, exception);
        }
        catch (Exception exception) when (Translate(exception) is { } translated)
        {
            throw Counted(translated, metrics.ReadUnserved);
        }
    }

    private async Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation, CancellationToken away)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(away);
            // Without cancellation: the driver would ask a server that does not answer to cancel.
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            if (isPooled)
            {
                await connection.ExecuteAsync(PostgresSettings.TransactionTimeouts);
            }

            var write = new WriteTransaction(connection, transaction, Dialect);
            var result = await operation(write);
            var committing = time.GetTimestamp();
            await write.FinishAsync(chain, time.GetUtcNow().ToUnixTimeMilliseconds());
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

    private protected override Task<bool> WriteRowAsync<TRow>(RowStatement<TRow> statement, TRow row, Action<TRow, long> returned) =>
        isPooled // where time limits belong to a transaction
            ? base.WriteRowAsync(statement, row, returned)
            : UnlessAwayAsync(metrics.WriteUnserved, away => WriteRowAsync(statement, row, returned, away));

    private async Task<bool> WriteRowAsync<TRow>(
        RowStatement<TRow> statement,
        TRow row,
        Action<TRow, long> returned,
        CancellationToken away
    )
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(away);
            var committing = time.GetTimestamp();
            await statement.RunAsync(connection, transaction: null, [row], returned, statements: null);
            metrics.Committed(time.GetElapsedTime(committing), auditEvents: 0);
            return true;
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

    /// <exception cref="StartupException">The database cannot be used; the message says what to do.</exception>
    public override async Task MigrateAsync(
        IReadOnlyList<Migration> migrations,
        bool makesStore = true,
        Action<SchemaChange>? beginning = null
    )
    {
        try
        {
            await KnowEnvironmentAsync();
            // A connection of its own without time limits: an index over millions of rows takes long, and another replica may be creating it.
            var settings = PostgresSettings.ForMigrations(connectionString, isPooled);
            await using var own = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "migrations" }.Build();
            await using var connection = await own.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(PostgresSettings.NoTransactionTimeouts);
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@MigrationLock)", new { MigrationLock }, transaction);
            await Migration.ApplyAsync(new WriteTransaction(connection, transaction, Dialect), migrations, makesStore, beginning);
            await transaction.CommitAsync();
        }
        catch (Exception exception) when (Translate(exception) is { } translated)
        {
            throw translated;
        }
    }

    private async Task KnowEnvironmentAsync()
    {
        try
        {
            if (!isPooled && await PostgresEnvironment.IsPooledAsync(feedSource, Description))
            {
                await DisposeSourcesAsync();
                (source, feedSource, listSource) = Sources(PostgresSettings.Read(connectionString, isPooled: true));
                isPooled = true;
                await PostgresEnvironment.IsPooledAsync(feedSource, Description);
            }
        }
        catch (NpgsqlException exception) when (PostgresSettings.DemandsTls(new NpgsqlConnectionStringBuilder(connectionString)))
        {
            throw PostgresEnvironment.OfTls(exception, Description)
                ?? (Exception)new StoreUnavailableException(exception.Message, exception);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await DisposeSourcesAsync();
        outage.Dispose();
    }

    private async Task DisposeSourcesAsync()
    {
        await feedSource.DisposeAsync();
        await listSource.DisposeAsync();
        await source.DisposeAsync();
    }

    /// <summary>An exception on which a caller can act, or <c>null</c> if the fault is the server's own and must stay visible.</summary>
    internal static Exception? Translate(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => new UniqueViolationException(exception),
            PostgresException { SqlState: PostgresErrorCodes.DuplicatePreparedStatement } => new StoreUnavailableException(
                "The database did not serve the request.",
                exception
            ),
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
                    // A prepared statement is missing or belongs to another client: a pooler appeared.
                    or "26"
                ? new StoreUnavailableException("The database did not serve the request.", exception)
                : null,
            NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException => new StoreUnavailableException(
                "The database is not reachable.",
                exception
            ),
            _ => null,
        };
}
