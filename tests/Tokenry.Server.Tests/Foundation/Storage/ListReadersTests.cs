using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Tests.Foundation.Storage;

/// <summary>A.9 (b): lists and doors share neither readers nor patience.</summary>
public sealed class ListReadersTests
{
    private const string Endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n WHERE i % 7 = 3";

    [Theory, BothEngines]
    public async Task Doors_read_while_every_list_that_may_run_never_ends(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var end = new TaskCompletionSource();
        var lists = Enumerable
            .Range(0, 40)
            .Select(i =>
                store.Database.ListAsync(
                    $"usr_{i}",
                    async connection =>
                    {
                        await connection.QuerySingleAsync<int>("SELECT 1");
                        await end.Task;
                        return i;
                    }
                )
            )
            .ToList();
        for (var i = 0; i < 20; i++)
            Assert.Equal(1, await store.ReadAsync(connection => connection.QuerySingleAsync<int>("SELECT 1")));
        await store.ExecuteAsync("CREATE TABLE written (i bigint)");
        Assert.DoesNotContain(lists, list => list.IsCompleted);
        end.SetResult();
        Assert.Equal(Enumerable.Range(0, 40), await Task.WhenAll(lists));
    }

    [Theory, BothEngines]
    public async Task One_principal_leaves_a_turn_to_others(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var end = new TaskCompletionSource();
        var greedy = Enumerable.Range(0, 40).Select(_ => store.Database.ListAsync("usr_greedy", _ => Wait(end.Task))).ToList();
        Assert.Equal(1, await store.Database.ListAsync("usr_other", connection => connection.QuerySingleAsync<int>("SELECT 1")));
        Assert.DoesNotContain(greedy, list => list.IsCompleted);
        end.SetResult();
        await Task.WhenAll(greedy);
    }

    [Theory, BothEngines]
    public async Task More_than_may_wait_are_refused_at_once(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var end = new TaskCompletionSource();
        var lists = Enumerable.Range(0, 1100).Select(i => store.Database.ListAsync("usr_one", _ => Wait(end.Task))).ToList();
        await Assert.ThrowsAsync<ListsBusyException>(() => lists[^1]);
        end.SetResult();
    }

    [Theory, BothEngines]
    public async Task A_list_that_takes_too_long_is_stopped_and_its_connection_is_good_afterwards(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        await Assert.ThrowsAsync<ListTooSlowException>(() =>
            store.Database.ListAsync("usr_one", connection => connection.QuerySingleAsync<long>(Endless))
        );
        for (var i = 0; i < 4; i++)
            Assert.Equal(1, await store.Database.ListAsync("usr_one", connection => connection.QuerySingleAsync<int>("SELECT 1")));
    }

    private static async Task<int> Wait(Task end)
    {
        await end;
        return 0;
    }
}
