using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Limits;

public sealed class SignInThrottleTests
{
    private static readonly IPAddress Attacker = IPAddress.Parse("203.0.113.7");
    private static readonly IPAddress Elsewhere = IPAddress.Parse("198.51.100.7");
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    [Fact]
    public void Ten_attempts_at_once_and_then_one_in_half_a_minute()
    {
        var throttle = new SignInThrottle(_time);
        Assert.Equal(10, Allowed(throttle, "ada@example.com", Attacker, 50));
        Assert.InRange(throttle.Count("ada@example.com", Attacker), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, Allowed(throttle, "ada@example.com", Attacker, 50));
    }

    [Fact]
    public void Guesses_from_elsewhere_do_not_keep_a_person_out()
    {
        var throttle = new SignInThrottle(_time);
        Allowed(throttle, "ada@example.com", Attacker, 500);
        Assert.Equal(TimeSpan.Zero, throttle.Count("ada@example.com", Elsewhere));
    }

    [Fact]
    public void One_network_tries_few_passwords_of_many_people()
    {
        var throttle = new SignInThrottle(_time);
        var allowed = Enumerable.Range(0, 500).Count(n => throttle.Count($"person{n}@example.com", Attacker) == TimeSpan.Zero);
        Assert.Equal(60, allowed);
    }

    [Fact]
    public void A_right_password_costs_nothing()
    {
        var throttle = new SignInThrottle(_time);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(TimeSpan.Zero, throttle.Count("ada@example.com", Attacker));
            throttle.TakeBack("ada@example.com", Attacker);
        }

        Assert.Equal(10, Allowed(throttle, "ada@example.com", Attacker, 50));
    }

    [Fact]
    public void Attempts_at_once_are_counted_before_any_is_answered()
    {
        var throttle = new SignInThrottle(_time);
        var allowed = 0;
        Parallel.For(
            0,
            500,
            _ =>
            {
                if (throttle.Count("ada@example.com", Attacker) == TimeSpan.Zero)
                    Interlocked.Increment(ref allowed);
            }
        );
        Assert.Equal(10, allowed);
    }

    private static int Allowed(SignInThrottle throttle, string name, IPAddress address, int attempts) =>
        Enumerable.Range(0, attempts).Count(_ => throttle.Count(name, address) == TimeSpan.Zero);
}
