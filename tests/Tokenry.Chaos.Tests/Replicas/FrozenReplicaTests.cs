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

        // Between the lock and the commit the audit row is written: there it is held up, stopped, and let go.
        Task<ApiResponse> frozen;
        await using (var holder = await observer.BeginTransactionAsync())
        {
            await observer.ExecuteAsync("LOCK TABLE audit_events IN SHARE MODE", transaction: holder);
            frozen = here.Within(TimeSpan.FromMinutes(2)).PostAsync("/v1/users", new { email = "frozen@example.com" });
            var waited = Stopwatch.StartNew();
            while (
                await observer.ExecuteScalarAsync<long>(
                    "SELECT count(*) FROM pg_locks w JOIN pg_locks h ON h.pid = w.pid WHERE NOT w.granted AND w.relation = 'audit_events'::regclass "
                        + "AND h.granted AND h.locktype = 'advisory' AND h.objid = 7600001",
                    transaction: holder
                ) == 0
            )
            {
                Assert.True(waited.Elapsed < Limit, "the first replica never came to its lock");
                await Task.Delay(10);
            }

            one.Suspend();
            await holder.RollbackAsync();
        }

        try
        {
            output.WriteLine($"Of the lock: {await HoldersAsync(observer)} holders as the first replica is frozen.");
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
        await here.PostAsync("/v1/users", new { email = "frozen@example.com" }).Expect(201);
    }

    private static Task<long> HoldersAsync(NpgsqlConnection observer) =>
        observer.ExecuteScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE granted AND locktype = 'advisory' AND objid = 7600001");
}
