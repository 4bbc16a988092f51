using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// SQLite in WAL mode. One connection owns every write and every checkpoint (<see cref="SqliteWriter"/>); a few others only read and are closed first.
/// </summary>
public sealed class SqliteDatabase : Database
{
    private const int Readers = 4;

    /// <summary>Virtual machine instructions between two checks of the clock: about a millisecond.</summary>
    private const int InstructionsPerLook = 50_000;

    private readonly SqliteReaders readers;
    private readonly SqliteReaders listReaders;
    private readonly SqliteReaders surveyReaders;
    private readonly ListTurns turns;
    private readonly ListTurns surveyTurns;
    private readonly ListThreads threads;
    private readonly SqliteWriter writer;
    private readonly StoreMetrics metrics;
    private readonly ChangeHub hub;
    private readonly TimeProvider time;

    public SqliteDatabase(string path, AuditChain chain, ChangeHub hub, TimeProvider time, StoreMetrics metrics)
        : base(time)
    {
        // SQLite's locking does not work on the locks of network file systems.
        if (new DriveInfo(Path.GetDirectoryName(path)!).DriveFormat is "nfs" or "nfs4" or "cifs" or "smb2" or "smb3")
        {
            throw new StoreUnavailableException(
                "The SQLite database must not be on a network file system. Use a local disk, or PostgreSQL."
            );
        }

        this.metrics = metrics;
        this.hub = hub;
        this.time = time;
        Batteries_V2.Init();
        Description = $"SQLite {raw.sqlite3_libversion().utf8_to_string()} at {path}";
        // A list occupies a processor until it ends: half of the processors stay free for the doors.
        var lists = Math.Clamp(Environment.ProcessorCount / 2, 2, 4);
        readers = new SqliteReaders(path, Readers);
        listReaders = new SqliteReaders(path, lists);
        turns = new ListTurns(lists, time);
        surveyReaders = new SqliteReaders(path, Surveys);
        surveyTurns = new ListTurns(Surveys, time);
        threads = new ListThreads(lists + Surveys);
        writer = new SqliteWriter(path, chain, hub, time, metrics);
    }

    public override Dialect Dialect => Dialect.Sqlite;

    public override string Description { get; }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read)
    {
        try
        {
            return await readers.ReadAsync(read);
        }
        catch (SqliteException exception)
        {
            metrics.ReadUnserved();
            throw new StoreUnavailableException("The database could not be read.", exception);
        }
    }

    public override Task<T> ListAsync<T>(string principal, Func<DbConnection, Task<T>> read) =>
        turns.RunAsync(principal, () => ApartAsync(listReaders, ListTooSlowException.Deadline, read));

    public override Task<T> SurveyAsync<T>(string principal, Func<DbConnection, Task<T>> read) =>
        surveyTurns.RunAsync(principal, () => ApartAsync(surveyReaders, ListTooSlowException.SurveyDeadline, read));

    private async Task<T> ApartAsync<T>(SqliteReaders from, TimeSpan deadline, Func<DbConnection, Task<T>> read)
    {
        try
        {
            return await threads.RunAsync(() => from.ReadAsync(connection => BeforeDeadlineAsync(connection, deadline, read)));
        }
        catch (SqliteException exception)
        {
            metrics.ReadUnserved();
            throw exception.SqliteErrorCode == raw.SQLITE_INTERRUPT
                ? new ListTooSlowException(deadline, exception)
                : new StoreUnavailableException("The database could not be read.", exception);
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

    public override async Task MigrateAsync(
        IReadOnlyList<Migration> migrations,
        bool makesStore = true,
        Action<SchemaChange>? beginning = null
    )
    {
        await writer.RunAsync(tx => Migration.ApplyAsync(tx, migrations, makesStore, beginning));
        // No other process writes, and no cache holds anything yet.
        hub.MoveTo(await ReadAsync(connection => connection.QueryFirstAsync<long>(Change.SelectNewest)));
    }

    public override ValueTask DisposeAsync()
    {
        readers.Dispose();
        threads.Dispose();
        listReaders.Dispose();
        surveyReaders.Dispose();
        writer.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>SQLite checks the clock itself, so no timer can interrupt a connection that another request uses by then.</summary>
    private async Task<T> BeforeDeadlineAsync<T>(DbConnection connection, TimeSpan deadline, Func<DbConnection, Task<T>> read)
    {
        var handle = ((SqliteConnection)connection).Handle!;
        var startedAt = time.GetTimestamp();
        raw.sqlite3_progress_handler(handle, InstructionsPerLook, _ => time.GetElapsedTime(startedAt) > deadline ? 1 : 0, null);
        try
        {
            await (BeforeList?.Invoke(connection) ?? Task.CompletedTask);
            return await read(connection);
        }
        finally
        {
            raw.sqlite3_progress_handler(handle, 0, null, null);
        }
    }
}
