using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Tokenry.Server.Foundation.Audit;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>
/// SQLite in WAL mode. One connection owns every write and every checkpoint (<see cref="SqliteWriter"/>), which also keeps clear of the
/// WAL-reset bug of versions before 3.51.3; a few others only read and are closed first.
/// </summary>
public sealed class SqliteDatabase : Database
{
    private const int Readers = 4;

    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private readonly SemaphoreSlim free = new(Readers, Readers);
    private readonly SqliteWriter writer;
    private readonly StoreMetrics metrics;
    private readonly ChangeHub hub;
    private readonly string path;

    public SqliteDatabase(string path, AuditChain chain, ChangeHub hub, TimeProvider time, StoreMetrics metrics)
        : base(time)
    {
        var version = SqliteNative.Load();
        if (version < SqliteNative.Oldest)
        {
            throw new StoreUnavailableException($"SQLite {version} is too old; {SqliteNative.Oldest} or newer is needed.");
        }

        // Locks of network file systems do not hold what SQLite builds on them.
        if (new DriveInfo(Path.GetDirectoryName(path)!).DriveFormat is "nfs" or "nfs4" or "cifs" or "smb2" or "smb3")
        {
            throw new StoreUnavailableException("SQLite must not lie on a network file system. Take a local disk, or PostgreSQL.");
        }

        this.path = path;
        this.metrics = metrics;
        this.hub = hub;
        Description = $"SQLite {version} at {path}";
        writer = new SqliteWriter(path, chain, hub, time, metrics);
    }

    public override Dialect Dialect => Dialect.Sqlite;

    public override string Description { get; }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read)
    {
        await free.WaitAsync();
        try
        {
            if (!idle.TryTake(out var connection))
            {
                connection = OpenReader();
            }

            try
            {
                return await read(connection);
            }
            finally
            {
                idle.Add(connection);
            }
        }
        catch (SqliteException exception)
        {
            metrics.ReadUnserved();
            throw new StoreUnavailableException("The database could not be read.", exception);
        }
        finally
        {
            free.Release();
        }
    }

    protected override async Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation)
    {
        try
        {
            return await writer.RunAsync(operation);
        }
        catch (StoreUnavailableException)
        {
            metrics.WriteUnserved();
            throw;
        }
    }

    public override async Task MigrateAsync(IReadOnlyList<Migration> migrations)
    {
        await writer.RunAsync(tx => Migration.ApplyAsync(tx, migrations));
        // Nobody else writes, and no cache holds anything yet.
        hub.MoveTo(await ReadAsync(connection => connection.QueryFirstAsync<long>("SELECT coalesce(max(seq), 0) FROM changes")));
    }

    public override ValueTask DisposeAsync()
    {
        while (idle.TryTake(out var connection))
        {
            connection.Dispose();
        }

        writer.Dispose();
        free.Dispose();
        return ValueTask.CompletedTask;
    }

    private SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = SqliteOpenMode.ReadWrite, // a WAL reader must be able to map the shared-memory file
                Pooling = false,
                DefaultTimeout = 5,
            }.ToString()
        );
        connection.Open();
        connection.Execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 268435456;");
        return connection;
    }
}
