using System.Collections.Concurrent;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>
/// The trap of polled sequences: whoever numbers its change first and commits last is never seen by a poller that has read on meanwhile.
/// Here a trigger makes chosen transactions linger between their last statement and the end of their COMMIT.
/// </summary>
public sealed class CommitOrderTests : IAsyncLifetime
{
    private const string Linger = """
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON changes DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW WHEN (NEW.id LIKE 'slow%') EXECUTE FUNCTION linger();
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("tokenry-order-").FullName;
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly List<IAsyncDisposable> _open = [];
    private readonly KeyRing _keys = new();
    private PostgresDatabase _writer = null!;
    private PostgresChangeFeed _feed = null!;

    [Fact]
    public async Task A_change_that_commits_late_is_not_hidden_by_one_that_began_later()
    {
        var slow = ChangeAsync("slow", before: TimeSpan.Zero);
        await Task.Delay(200); // it has its number and lingers in its COMMIT
        var fast = ChangeAsync("fast", before: TimeSpan.Zero);
        await Task.WhenAll(slow, fast);
        Assert.Equal(["slow", "fast"], await SeenAsync(2));
    }

    [Fact]
    public async Task Nor_is_one_that_began_first_and_worked_longer()
    {
        var first = ChangeAsync("first", before: TimeSpan.FromSeconds(0.7));
        await Task.Delay(100);
        await ChangeAsync("second", before: TimeSpan.Zero); // does not wait for the other's work
        Assert.False(first.IsCompleted);
        await first;
        Assert.Equal(["second", "first"], await SeenAsync(2));
    }

    [Fact]
    public async Task Of_many_interleaved_none_is_missed_and_none_comes_twice()
    {
        var all = Enumerable.Range(0, 400).Select(n => n % 100 == 7 ? $"slow-{n}" : $"change-{n}").ToArray();
        await Parallel.ForEachAsync(
            all,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (id, _) => await ChangeAsync(id, TimeSpan.Zero)
        );
        Assert.Equal(all.Order(StringComparer.Ordinal), (await SeenAsync(all.Length)).Order(StringComparer.Ordinal));
    }

    public async ValueTask InitializeAsync()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        var database = await (await PostgresCluster.StartAsync()).CreateDatabaseAsync();
        _writer = Open(database, new ChangeHub());
        await _writer.MigrateAsync(Migration.Embedded);
        await _keys.OpenAsync(_writer, Path.Combine(_directory, "tokenry.keys"));
        await using (var connection = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await connection.ExecuteAsync(Linger);
        }

        // The other replica.
        var hub = new ChangeHub();
        hub.Subscribe("test", _seen.Enqueue, () => _seen.Enqueue("reset"));
        var freshness = new Freshness(TimeProvider.System, alwaysFresh: false);
        _feed = new PostgresChangeFeed(Open(database, hub), hub, freshness, TimeProvider.System, NullLogger<PostgresChangeFeed>.Instance);
        await _feed.StartAsync(default);
        while (!freshness.IsFresh)
            await Task.Delay(10);
        // What was read before the first poll is forgotten by it, once; from here on nothing is.
        Assert.True(_seen.TryDequeue(out var first));
        Assert.Equal("reset", first);
    }

    public async ValueTask DisposeAsync()
    {
        await _feed.StopAsync(default);
        _feed.Dispose();
        foreach (var database in _open)
            await database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private PostgresDatabase Open(string connectionString, ChangeHub hub)
    {
        var database = new PostgresDatabase(
            connectionString,
            new AuditChain(new AuditKey(() => _keys.AuditKey)),
            hub,
            TimeProvider.System,
            StoreMetrics.Unobserved
        );
        _open.Add(database);
        return database;
    }

    private Task<bool> ChangeAsync(string id, TimeSpan before) =>
        _writer.WriteAsync(async tx =>
        {
            tx.Changed("test", id);
            await tx.ExecuteAsync("SELECT pg_sleep(@seconds)", new { seconds = before.TotalSeconds });
            return true;
        });

    private async Task<IReadOnlyList<string>> SeenAsync(int count)
    {
        for (var attempt = 0; attempt < 300 && _seen.Count < count; attempt++)
            await Task.Delay(10);
        await Task.Delay(50); // one too many would show
        return [.. _seen];
    }
}
