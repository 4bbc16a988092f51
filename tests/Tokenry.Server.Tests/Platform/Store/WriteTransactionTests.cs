using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class WriteTransactionTests
{
    [Theory, BothEngines]
    public async Task An_operation_that_throws_leaves_neither_data_nor_audit_nor_change(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var heard = new List<string>();
        store.Hub.Subscribe("test", heard.Add, () => { });
        var before = await CountsAsync(store);
        await Assert.ThrowsAsync<FormatException>(() =>
            store.Database.WriteAsync<int>(async tx =>
            {
                await PutAsync(tx, "lost");
                throw new FormatException();
            })
        );
        Assert.Equal(before, await CountsAsync(store));
        Assert.Empty(heard);

        await store.Database.WriteAsync(tx => PutAsync(tx, "kept"));
        Assert.Equal((before.Data + 1, before.Audit + 1, before.Changes + 1), await CountsAsync(store));
        Assert.Equal(["kept"], heard);
    }

    [Theory, BothEngines]
    public async Task What_is_tried_out_leaves_nothing_and_what_comes_after_it_stays(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var heard = new List<string>();
        store.Hub.Subscribe("test", heard.Add, () => { });
        var before = await CountsAsync(store);
        await store.Database.WriteAsync(async tx =>
        {
            await PutAsync(tx, "before");
            await tx.TryOutAsync(() => PutAsync(tx, "tried"));
            await tx.TryOutAsync(() => PutAsync(tx, "tried")); // it is gone already
            return await PutAsync(tx, "after");
        });
        Assert.Equal((before.Data + 2, before.Audit + 2, before.Changes + 2), await CountsAsync(store));
        Assert.Equal(["before", "after"], heard);

        await Assert.ThrowsAsync<FormatException>(() =>
            store.Database.WriteAsync<int>(async tx =>
            {
                await PutAsync(tx, "lost");
                await tx.TryOutAsync(() => throw new FormatException());
                return 0;
            })
        );
        Assert.Equal((before.Data + 2, before.Audit + 2, before.Changes + 2), await CountsAsync(store));
    }

    [Theory, BothEngines]
    public async Task One_that_fails_takes_nothing_with_it_of_those_that_share_its_commit(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        using var gate = new ManualResetEventSlim();
        var first = await HoldTheWriterAsync(store, gate); // what comes now shares the COMMIT of SQLite's writer
        var writes = Enumerable
            .Range(0, 40)
            .Select(n =>
                store.Database.WriteAsync(async tx =>
                {
                    await PutAsync(tx, $"row-{n}");
                    return n % 4 == 1 ? throw new FormatException()
                        : n % 4 == 2 ? await tx.ExecuteAsync("INSERT INTO nowhere VALUES (1)")
                        : 0;
                })
            )
            .ToArray();
        gate.Set();
        await first;
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(writes));

        for (var n = 0; n < writes.Length; n++)
        {
            var good = n % 4 is 0 or 3;
            Assert.Equal(good, writes[n].IsCompletedSuccessfully);
            Assert.Equal(good ? 1 : 0, await store.CountAsync("store_properties", $"name = 'row-{n}'"));
            Assert.Equal(good ? 1 : 0, await store.CountAsync("audit_events", $"target_id = 'row-{n}'"));
            Assert.Equal(good ? 1 : 0, await store.CountAsync("changes", $"id = 'row-{n}'"));
        }
        Assert.Equal((20L, null), await store.VerifyAsync());
    }

    [Theory, BothEngines]
    public async Task A_duplicate_is_told_apart_from_every_other_fault(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        await store.Database.WriteAsync(tx => PutAsync(tx, "same"));
        await Assert.ThrowsAsync<UniqueViolationException>(() => store.Database.WriteAsync(tx => PutAsync(tx, "same")));
        // Not unique violations: a check, a missing value.
        var check = await Assert.ThrowsAnyAsync<Exception>(() =>
            store.ExecuteAsync("INSERT INTO principals (id, type, name, enabled, created_at) VALUES ('x', 'robot', 'x', 1, 1)")
        );
        var missing = await Assert.ThrowsAnyAsync<Exception>(() => store.ExecuteAsync("INSERT INTO store_properties (name) VALUES ('x')"));
        Assert.DoesNotContain([check, missing], fault => fault is UniqueViolationException or StoreUnavailableException);
        Assert.Equal(1, await store.CountAsync("store_properties", "name = 'same'"));
    }

    [Fact]
    public async Task On_SQLite_an_operation_that_awaits_something_else_is_refused_with_all_that_it_still_tries()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        var later = new TaskCompletionSource<Exception?>();
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            store.Database.WriteAsync(async tx =>
            {
                await PutAsync(tx, "before");
                await Task.Delay(100);
                later.SetResult(await Record.ExceptionAsync(() => PutAsync(tx, "after")));
                return 0;
            })
        );
        Assert.StartsWith("A write operation awaited something besides", refusal.Message, StringComparison.Ordinal);
        // Its connection is the writer's: what it still does would become part of somebody else's transaction.
        Assert.IsType<InvalidOperationException>(await later.Task);
        Assert.Equal(0, await store.CountAsync("store_properties", "name IN ('before', 'after')"));
    }

    [Fact]
    public async Task On_SQLite_more_than_a_thousand_waiting_writes_are_refused_at_once()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        using var gate = new ManualResetEventSlim();
        var held = await HoldTheWriterAsync(store, gate);
        var waiting = Enumerable.Range(0, 1000).Select(n => store.Database.WriteAsync(tx => PutAsync(tx, $"row-{n}"))).ToArray();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Database.WriteAsync(tx => PutAsync(tx, "one too many")));
        await store.CountAsync("changes"); // readers do not wait

        gate.Set();
        await Task.WhenAll([held, .. waiting]);
        await store.Database.WriteAsync(tx => PutAsync(tx, "again"));
        Assert.Equal(1001, await store.CountAsync("store_properties", "name LIKE 'row-%' OR name = 'again'"));
    }

    [Theory, BothEngines]
    public async Task Caches_are_told_after_the_commit_and_before_the_answer(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var acknowledged = false;
        var seen = new List<(long Rows, bool Acknowledged)>();
        store.Hub.Subscribe(
            "test",
            id =>
                seen.Add(
                    (store.CountAsync("store_properties", $"name = '{id}'").GetAwaiter().GetResult(), Volatile.Read(ref acknowledged))
                ),
            () => { }
        );
        for (var n = 0; n < 20; n++)
        {
            acknowledged = false;
            await store.Database.WriteAsync(tx => PutAsync(tx, $"row-{n}"));
            Volatile.Write(ref acknowledged, true);
        }
        Assert.Equal(20, seen.Count);
        Assert.All(seen, told => Assert.Equal((1, false), told));
    }

    /// <summary>Back when a write is under way, which ends when the gate opens.</summary>
    private static async Task<Task<bool>> HoldTheWriterAsync(TestStore store, ManualResetEventSlim gate)
    {
        var isIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = Task.Run(() =>
            store.Database.WriteAsync(_ =>
            {
                isIn.SetResult();
                return Task.FromResult(gate.Wait(TimeSpan.FromSeconds(60)));
            })
        );
        await isIn.Task;
        return held;
    }

    private static async Task<(long Data, long Audit, long Changes)> CountsAsync(TestStore store) =>
        (await store.CountAsync("store_properties"), await store.CountAsync("audit_events"), await store.CountAsync("changes"));

    private static async Task<int> PutAsync(WriteTransaction tx, string name)
    {
        tx.Changed("test", name);
        tx.Record(
            new AuditEntry
            {
                Id = $"evt_{name}",
                At = 1,
                Actor = "system",
                Action = "test.put",
                TargetId = name,
            }
        );
        return await tx.ExecuteAsync("INSERT INTO store_properties (name, value) VALUES (@name, '')", new { name });
    }
}
