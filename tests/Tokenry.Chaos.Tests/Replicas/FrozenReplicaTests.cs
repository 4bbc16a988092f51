using System.Diagnostics;
using Dapper;
using Npgsql;

namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>A.11: a replica that freezes with the lock of the commit order in its hand loses it, and the others write on.</summary>
public sealed class FrozenReplicaTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Others_write_on_while_one_is_frozen_with_the_lock_in_its_hand()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var here = await one.AdminAsync();
        var there = here.At(two.Address);
        await using var observer = new NpgsqlConnection(one.ConnectionString);
        await observer.OpenAsync();

        var attempt = 0;
        var (frozen, holds) = await FreezeAsync(one, observer, () => CreateAsync(here, attempt));
        while (!holds)
        {
            // Another writer was at the lock in its place: a replica also writes of its own accord.
            one.Resume();
            await frozen.Expect(201);
            Assert.True(++attempt < 10, "the first replica was never frozen with the lock in its hand");
            (frozen, holds) = await FreezeAsync(one, observer, () => CreateAsync(here, attempt));
        }

        try
        {
            var waited = Stopwatch.StartNew();
            ApiResponse answer;
            while ((answer = await there.PostAsync("/v1/users", new { email = "free@example.com" })).Status != 201)
            {
                answer.Expect(503);
                Assert.True(waited.Elapsed < Limit, "the others never wrote again");
                await Task.Delay(100);
            }
            output.WriteLine($"The other wrote after {waited.Elapsed.TotalSeconds:0.0} s.");
        }
        finally
        {
            one.Resume();
        }

        // What the frozen one had begun is undone, and it works on.
        (await frozen).Expect(503);
        await CreateAsync(here, attempt).Expect(201);
    }

    private static Task<ApiResponse> CreateAsync(ApiClient client, int attempt) =>
        client.Within(TimeSpan.FromMinutes(2)).PostAsync("/v1/users", new { email = $"frozen-{attempt}@example.com" });

    /// <summary>
    /// Behind the lock a writer reads the head of the trail: there it is held up, the replica stopped, and the writer let go. Only if it is the
    /// replica's does the lock stay held.
    /// </summary>
    private static async Task<(Task<ApiResponse> Write, bool HoldsLock)> FreezeAsync(
        ServerProcess replica,
        NpgsqlConnection observer,
        Func<Task<ApiResponse>> begin
    )
    {
        Task<ApiResponse> write;
        await using (var holder = await observer.BeginTransactionAsync())
        {
            await observer.ExecuteAsync("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE", transaction: holder);
            write = begin();
            var waited = Stopwatch.StartNew();
            while (
                await observer.ExecuteScalarAsync<long>(
                    "SELECT count(*) FROM pg_locks w JOIN pg_locks h ON h.pid = w.pid WHERE NOT w.granted AND w.relation = 'audit_events'::regclass "
                        + "AND h.granted AND h.locktype = 'advisory' AND h.objid = 7600001",
                    transaction: holder
                ) == 0
            )
            {
                Assert.True(waited.Elapsed < Limit, "nobody came to the lock");
                await Task.Delay(10);
            }

            replica.Suspend();
            await holder.RollbackAsync();
        }

        for (var look = 0; look < 20; look++)
        {
            var idle = await observer.ExecuteScalarAsync<long>(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted AND l.locktype = 'advisory' AND l.objid = 7600001 "
                    + "AND a.state = 'idle in transaction'"
            );
            if (idle > 0)
            {
                return (write, true);
            }

            await Task.Delay(50);
        }

        return (write, false);
    }
}
