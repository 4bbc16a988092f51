using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class FactsCacheTests
{
    private static readonly Freshness Fresh = new(TimeProvider.System, alwaysFresh: true);
    private int _loads;

    [Fact]
    public async Task Two_thousand_who_ask_at_once_cause_one_load()
    {
        var gate = new TaskCompletionSource();
        var cache = Cache(async id =>
        {
            await gate.Task;
            return new Facts(id);
        });
        var askers = Enumerable.Range(0, 2000).Select(_ => Task.Run(async () => await cache.GetAsync("a"))).ToArray();
        await Task.Delay(50);
        gate.SetResult();
        var answers = await Task.WhenAll(askers);
        Assert.Equal(1, _loads);
        Assert.All(answers, answer => Assert.Same(answers[0], answer));
    }

    [Fact]
    public async Task An_invalidation_during_a_load_is_not_lost()
    {
        var (stored, gate) = ("old", new TaskCompletionSource());
        var cache = Cache(async _ =>
        {
            var read = stored;
            await gate.Task;
            return new Facts(read);
        });
        var early = cache.GetAsync("a").AsTask();
        stored = "new";
        cache.Invalidate("a"); // the load of the old facts is still under way
        var late = cache.GetAsync("a").AsTask();
        gate.SetResult();
        Assert.Equal("old", (await early)!.Text); // asked before the change was acknowledged
        Assert.Equal("new", (await late)!.Text);
        Assert.Equal("new", (await cache.GetAsync("a"))!.Text);
        Assert.Equal(2, _loads);
    }

    [Theory]
    [InlineData("clear")]
    [InlineData("update")]
    public async Task Nor_is_one_that_drops_many(string how)
    {
        var (stored, gate) = ("old", new TaskCompletionSource());
        var cache = Cache(async _ =>
        {
            var read = stored;
            await gate.Task;
            return new Facts(read);
        });
        var early = cache.GetAsync("a").AsTask();
        stored = "new";
        if (how == "clear")
            cache.Clear();
        else
            cache.Update("a", _ => throw new InvalidOperationException("nothing is loaded yet"));
        gate.SetResult();
        await early;
        Assert.Equal("new", (await cache.GetAsync("a"))!.Text);
    }

    [Fact]
    public async Task Absence_is_not_cached()
    {
        Facts? stored = null;
        var cache = Cache(_ => Task.FromResult(stored));
        Assert.Null(await cache.GetAsync("a"));
        Assert.Null(await cache.GetAsync("a"));
        Assert.Equal(2, _loads);
        stored = new Facts("here now");
        Assert.Same(stored, await cache.GetAsync("a"));
    }

    [Fact]
    public async Task Nor_is_a_failure()
    {
        var fails = true;
        var cache = Cache(id =>
            fails ? Task.FromException<Facts?>(new StoreUnavailableException("away")) : Task.FromResult<Facts?>(new(id))
        );
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await cache.GetAsync("a"));
        fails = false;
        Assert.Equal("a", (await cache.GetAsync("a"))!.Text);
    }

    [Fact]
    public async Task When_freshness_is_gone_it_reads_through()
    {
        var time = new FakeTimeProvider(TestStore.Start);
        var freshness = new Freshness(time, alwaysFresh: false);
        var stored = "old";
        var cache = Cache(_ => Task.FromResult<Facts?>(new(stored)), freshness);
        freshness.PolledAt(time.GetTimestamp());
        Assert.Equal("old", (await cache.GetAsync("a"))!.Text);
        stored = "changed by a replica we do not hear";
        Assert.Equal("old", (await cache.GetAsync("a"))!.Text);
        time.Advance(Freshness.MaxAge);
        Assert.Equal(stored, (await cache.GetAsync("a"))!.Text);
        Assert.Equal(stored, (await cache.GetAsync("a"))!.Text);
        Assert.Equal(3, _loads);
    }

    /// <summary>A few large facts take the room of many small ones, and give it back when they are dropped.</summary>
    [Fact]
    public async Task Large_facts_count_for_what_they_weigh()
    {
        var cache = new FactsCache<Facts>(
            id => Task.FromResult<Facts?>(new(id)),
            Fresh,
            capacity: 64,
            facts => facts.Text[0] == 'L' ? 16 : 1
        );
        for (var n = 0; n < 200; n++)
        {
            await cache.GetAsync($"L{n}");
            Assert.InRange(cache.Counts.Entries, 1, 4);
        }

        for (var n = 0; n < 200; n++)
            cache.Invalidate($"L{n}");
        Assert.Equal(0, cache.Counts.Entries);
        for (var n = 0; n < 64; n++)
            await cache.GetAsync($"small-{n}");
        Assert.Equal(64, cache.Counts.Entries); // nothing of the large ones is left in the sum
        await cache.GetAsync("L");
        Assert.InRange(cache.Counts.Entries, 30, 49);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 5000),
            async (n, _) =>
            {
                await cache.GetAsync($"{(n % 3 == 0 ? 'L' : 's')}{n % 40}");
                cache.Invalidate($"L{(n + 7) % 40}");
            }
        );
        cache.Clear();
        for (var n = 0; n < 64; n++)
            await cache.GetAsync($"small-{n}");
        Assert.Equal(64, cache.Counts.Entries);
    }

    [Fact]
    public async Task It_never_holds_more_than_its_bound()
    {
        var cache = Cache(id => Task.FromResult<Facts?>(new(id)), capacity: 64);
        var ids = Enumerable.Range(0, 1000).Select(n => $"id-{n}").ToArray();
        for (var n = 0; n < 1000; n++)
        {
            Assert.Equal($"id-{n}", (await cache.GetAsync($"id-{n}"))!.Text);
            Assert.InRange(Cached(cache, ids), 1, 64);
        }
        Assert.InRange(Cached(cache, ids), 32, 64); // and does not throw away everything either
        await Parallel.ForEachAsync(Enumerable.Range(0, 5000), async (n, _) => await cache.GetAsync($"id-{n % 500}"));
        Assert.InRange(Cached(cache, ids), 1, 64);
    }

    [Fact]
    public async Task A_hit_does_not_allocate()
    {
        var cache = Cache(id => Task.FromResult<Facts?>(new(id)));
        await cache.GetAsync("a");
        Assert.Equal(0, await Allocations.OfAsync(() => _ = HitAsync(cache)));
    }

    /// <summary>A task that ends at once costs nothing.</summary>
    private static async Task HitAsync(FactsCache<Facts> cache) => await cache.GetAsync("a");

    private FactsCache<Facts> Cache(Func<string, Task<Facts?>> load, Freshness? freshness = null, int capacity = 1000) =>
        new(
            id =>
            {
                Interlocked.Increment(ref _loads);
                return load(id);
            },
            freshness ?? Fresh,
            capacity
        );

    private static int Cached(FactsCache<Facts> cache, IEnumerable<string> ids)
    {
        var count = 0;
        foreach (var id in ids)
        {
            cache.Update(id, _ => count++);
        }

        return count;
    }

    private sealed record Facts(string Text);
}
