using System.Data.Common;
using Dapper;
using Npgsql;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Tests.Platform.Store;

/// <summary>A store of one's own in this process, on either engine: what the server stands on, without the server.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    /// <summary>Where the clocks of tests begin.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    // A schema each: twenty times faster than a database each, and gone with the cluster.
    private static readonly Lazy<Task<string>> SharedDatabase = new(async () =>
        await (await PostgresCluster.StartAsync()).CreateDatabaseAsync()
    );
    private static int _schemas;
    private readonly string _directory;
    private readonly string? _connectionString;

    static TestStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    private TestStore(string directory, string? connectionString, TimeProvider time)
    {
        (_directory, _connectionString, Time) = (directory, connectionString, time);
        Chain = new AuditChain(new AuditKey(() => Keys.AuditKey));
        Database = Open(Hub);
    }

    public Database Database { get; }

    public ChangeHub Hub { get; } = new();

    public KeyRing Keys { get; } = new();

    public AuditChain Chain { get; }

    /// <summary>How many events the trail has, and what is wrong with the first that is not whole.</summary>
    public async Task<(long Events, string? Fault)> VerifyAsync()
    {
        var check = await Chain.CheckAsync(Database);
        return (check.Events, check.Fault);
    }

    public TimeProvider Time { get; }

    /// <summary>Of PostgreSQL; <c>null</c> on SQLite.</summary>
    public string? ConnectionString => _connectionString;

    public string KeyFile => Path.Combine(_directory, "tokenry.keys");

    public static async Task<TestStore> EmptyAsync(Engine engine, TimeProvider? time = null) =>
        new(
            Directory.CreateTempSubdirectory("tokenry-store-").FullName,
            engine == Engine.Postgres ? await CreateSchemaAsync() : null,
            time ?? TimeProvider.System
        );

    private static async Task<string> CreateSchemaAsync()
    {
        var database = await SharedDatabase.Value;
        var schema = $"store_{Interlocked.Increment(ref _schemas)}";
        await using var connection = new NpgsqlConnection(database);
        await connection.ExecuteAsync($"CREATE SCHEMA {schema}");
        return $"{database};Search Path={schema}";
    }

    /// <summary>With schema and keys.</summary>
    public static async Task<TestStore> OpenAsync(Engine engine, TimeProvider? time = null)
    {
        var store = await EmptyAsync(engine, time);
        await store.Database.MigrateAsync(Migration.Embedded);
        await store.Keys.OpenAsync(store.Database, store.KeyFile);
        return store;
    }

    /// <summary>Another door to the same store; on SQLite only for one that is closed again before the first writes.</summary>
    /// <param name="hub">Told of changes.</param>
    /// <param name="settings">More of PostgreSQL's connection string.</param>
    public Database Open(ChangeHub hub, string settings = "") =>
        _connectionString is null
            ? new SqliteDatabase(Path.Combine(_directory, "tokenry.db"), Chain, hub, Time, StoreMetrics.Unobserved)
            : new PostgresDatabase($"{_connectionString};{settings}", Chain, hub, Time, StoreMetrics.Unobserved);

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Database.WriteAsync(tx => tx.ExecuteAsync(sql, parameters));

    public Task<long> CountAsync(string table, string where = "1 = 1") =>
        ReadAsync(connection => connection.QuerySingleAsync<long>($"SELECT count(*) FROM {table} WHERE {where}"));

    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read) => Database.ReadAsync(read);

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
