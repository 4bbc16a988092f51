using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Tests.Core.Usage;

namespace Tokenry.Server.Tests.Platform.Store;

/// <summary>What is flushed stands in the store once: whatever became of the answer, and whatever stood beside it.</summary>
public sealed class FlushQueueTests
{
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    /// <summary>Found by review: what was committed while nobody waited for it any more was added again.</summary>
    [Theory, BothEngines]
    public async Task A_commit_whose_answer_was_lost_is_not_added_twice(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var losing = new Losing(store.Database, _time) { Lost = 2 };
        var counters = new UsageCounters(losing, _time, NullLogger<UsageCounters>.Instance);
        for (var i = 0; i < 10; i++)
            counters.Record(Uses.Of("key_1", "valid", null));
        await Assert.ThrowsAsync<StoreUnavailableException>(counters.FlushAsync);
        counters.Record(Uses.Of("key_1", "valid", null)); // comes in the meantime
        await Assert.ThrowsAsync<StoreUnavailableException>(counters.FlushAsync);
        await counters.FlushAsync();
        await counters.FlushAsync();
        Assert.Equal(
            11,
            await store.ReadAsync(connection =>
                connection.QuerySingleAsync<long>("SELECT CAST(sum(uses) AS bigint) FROM usage_counters WHERE span = 'minute'")
            )
        );
    }

    /// <summary>Found by review: one row that the store refuses took all that was to be written with it.</summary>
    [Theory, BothEngines]
    public async Task A_row_that_the_store_does_not_take_is_left_out_alone(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var queue = new FlushQueue<int>(store.Database, _time, NullLogger.Instance, step: 4);
        var written = new List<int>();
        var told = 0;
        IReadOnlyList<int> rows = [.. Enumerable.Range(0, 10)];
        await queue.RunAsync(
            () => rows,
            async (tx, chunk) =>
            {
                foreach (var row in chunk)
                {
                    if (row == 5)
                        await tx.ExecuteAsync("INSERT INTO no_such_table VALUES (1)");
                    await tx.ExecuteAsync("INSERT INTO tombstones (id) VALUES (@id)", new { id = $"x{row}" });
                }
            },
            (chunk, isNew) =>
            {
                told += chunk.Count;
                if (isNew)
                    written.AddRange(chunk);
            }
        );
        Assert.Equal([0, 1, 2, 3, 4, 6, 7, 8, 9], written);
        Assert.Equal(10, told);
        Assert.Equal(9, await store.CountAsync("tombstones"));
        Assert.False(queue.HasWaiting);
    }

    /// <summary>Commits, and loses the answer.</summary>
    private sealed class Losing(Database inner, TimeProvider time) : Database(time)
    {
        public int Lost { get; set; }

        public override Dialect Dialect => inner.Dialect;

        public override string Description => inner.Description;

        public override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read) => inner.ReadAsync(read);

        protected override async Task<T> TransactAsync<T>(Func<WriteTransaction, Task<T>> operation)
        {
            var result = await inner.WriteAsync(operation);
            return Lost-- > 0 ? throw new StoreUnavailableException("The answer was lost.") : result;
        }

        public override Task MigrateAsync(
            IReadOnlyList<Migration> migrations,
            bool makesStore = true,
            Action<SchemaChange>? beginning = null
        ) => inner.MigrateAsync(migrations, makesStore, beginning);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
