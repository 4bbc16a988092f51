using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class FreshnessTests
{
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    [Fact]
    public void Before_the_first_poll_nothing_is_fresh() => Assert.False(new Freshness(_time, alwaysFresh: false).IsFresh);

    [Fact]
    public void A_poll_counts_from_its_start_for_five_seconds()
    {
        var freshness = new Freshness(_time, alwaysFresh: false);
        var started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(2)); // the poll takes its time
        freshness.PolledAt(started);
        _time.Advance(TimeSpan.FromSeconds(2.999));
        Assert.True(freshness.IsFresh);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(freshness.IsFresh);
        freshness.PolledAt(_time.GetTimestamp());
        Assert.True(freshness.IsFresh);
    }

    [Fact]
    public void On_SQLite_facts_are_always_fresh()
    {
        var freshness = new Freshness(_time, alwaysFresh: true);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.True(freshness.IsFresh);
    }
}
