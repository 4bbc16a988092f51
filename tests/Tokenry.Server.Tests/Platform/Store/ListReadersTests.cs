using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

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

    /// <summary>However many of its lists wait, those of others are read next.</summary>
    [Theory, BothEngines]
    public async Task One_principal_cannot_take_the_places_of_all_who_wait(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var end = new TaskCompletionSource();
        var busy = Enumerable.Range(0, 8).Select(i => store.Database.ListAsync($"usr_{i}", _ => Wait(end.Task))).ToList();
        var greedy = Enumerable.Range(0, 1100).Select(_ => store.Database.ListAsync("usr_greedy", _ => Wait(end.Task))).ToList();
        Assert.InRange(greedy.Count(list => !list.IsFaulted), 1, 60);
        var other = store.Database.ListAsync("usr_other", connection => connection.QuerySingleAsync<int>("SELECT 1"));
        Assert.False(other.IsFaulted);
        end.SetResult();
        Assert.Equal(1, await other);
        await Task.WhenAll(busy);
        foreach (var list in greedy.Where(list => list.IsFaulted))
            await Assert.ThrowsAsync<ListsBusyException>(() => list);
        await Task.WhenAll(greedy.Where(list => !list.IsFaulted));
        Assert.Equal(0, await store.Database.ListAsync("usr_greedy", _ => Wait(Task.CompletedTask))); // its places are free again
    }

    /// <summary>SQLite reads synchronously: on threads that stay, or each list would start one.</summary>
    [Fact]
    public async Task Lists_are_read_on_the_same_few_threads()
    {
        await using var store = await TestStore.OpenAsync(Engine.Sqlite);
        var threads = new System.Collections.Concurrent.ConcurrentDictionary<int, byte>();
        for (var i = 0; i < 30; i++)
        {
            await store.Database.ListAsync(
                $"usr_{i}",
                connection =>
                {
                    threads.TryAdd(Environment.CurrentManagedThreadId, 0);
                    Assert.False(Thread.CurrentThread.IsThreadPoolThread);
                    return connection.QuerySingleAsync<int>("SELECT 1");
                }
            );
        }

        Assert.InRange(threads.Count, 1, 6);
    }

    /// <summary>What has to look at every credential takes no turn of lists, has a longer deadline than they have, and one principal does it once at a time.</summary>
    [Theory, BothEngines]
    public async Task A_survey_has_turns_and_a_deadline_of_its_own(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        var end = new TaskCompletionSource();
        var lists = Enumerable.Range(0, 8).Select(i => store.Database.ListAsync($"usr_{i}", _ => Wait(end.Task))).ToList();
        var survey = store.Database.SurveyAsync("usr_0", connection => LongAsync(connection, end.Task));
        Assert.Equal(1, await store.Database.SurveyAsync("usr_1", connection => connection.QuerySingleAsync<int>("SELECT 1")));
        await Task.Delay(ListTooSlowException.Deadline + TimeSpan.FromMilliseconds(200));
        Assert.False(survey.IsCompleted);
        var second = store.Database.SurveyAsync("usr_0", connection => connection.QuerySingleAsync<int>("SELECT 1"));
        Assert.False(second.IsCompleted);
        end.SetResult();
        Assert.Equal(1_000_000, await survey);
        Assert.Equal(1, await second);
        foreach (var list in lists)
        {
            try
            {
                await list;
            }
            catch (ListsBusyException)
            {
                // It had no turn while this test took its time.
            }
        }
    }

    private static async Task<int> LongAsync(System.Data.Common.DbConnection connection, Task end)
    {
        await end;
        return await connection.QuerySingleAsync<int>(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n"
        );
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
