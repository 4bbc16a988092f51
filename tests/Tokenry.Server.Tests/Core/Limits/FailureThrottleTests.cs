using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Limits;

/// <summary>A.9 (f): failures are forgotten by time alone, and invented clients drive nothing out.</summary>
public sealed class FailureThrottleTests
{
    private static readonly IPAddress Attacker = IPAddress.Parse("203.0.113.7");
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    [Fact]
    public void Ten_thousand_invented_clients_do_not_clear_what_is_known()
    {
        var throttle = new FailureThrottle(_time);
        Exhaust(throttle, "app_real");
        for (var i = 0; i < 50_000; i++)
            throttle.IsTooMany(string.Create(CultureInfo.InvariantCulture, $"app_invented_{i}"), Attacker);
        Assert.True(throttle.IsTooMany("app_real", Attacker));
        Assert.True(throttle.IsBlocked("app_real", Attacker));
    }

    [Fact]
    public void Sixty_at_once_and_then_one_a_second()
    {
        var throttle = new FailureThrottle(_time);
        Assert.Equal(60, Exhaust(throttle, "app_a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(throttle.IsBlocked("app_a", Attacker));
        Assert.False(throttle.IsTooMany("app_a", Attacker));
        Assert.True(throttle.IsTooMany("app_a", Attacker));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(60, Exhaust(throttle, "app_a"));
    }

    [Fact]
    public void What_is_asked_is_not_counted()
    {
        var throttle = new FailureThrottle(_time);
        for (var i = 0; i < 1000; i++)
            Assert.False(throttle.IsBlocked("app_a", Attacker));
        Assert.Equal(60, Exhaust(throttle, "app_a"));
        Assert.False(throttle.IsBlocked("app_a", IPAddress.Parse("198.51.100.1")));
    }

    /// <summary>How many failures were taken.</summary>
    private static int Exhaust(FailureThrottle throttle, string client)
    {
        var taken = 0;
        while (!throttle.IsTooMany(client, Attacker))
            taken++;
        return taken;
    }
}
