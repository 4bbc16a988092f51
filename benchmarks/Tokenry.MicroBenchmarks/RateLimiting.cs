using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;

namespace Tokenry.MicroBenchmarks;

/// <summary>One use against limits whose counters are in memory.</summary>
public class RateLimiting : WithStore
{
    private const long Plenty = 1_000_000_000_000;

    private static readonly RateLimit AMinute = new()
    {
        Name = "minute",
        Limit = Plenty,
        WindowSeconds = 60,
    };

    private static readonly RateLimit AMonth = new()
    {
        Name = "month",
        Limit = Plenty,
        Period = "month",
    };

    private static readonly RateLimit Spent = AMonth with { Name = "spent", Limit = 1 };

    private RateLimiter limiter = null!;
    private Authenticated unlimited = null!;
    private Authenticated limited = null!;
    private Authenticated spent = null!;
    private Authenticated limitedTwice = null!;

    protected override async Task PrepareAsync()
    {
        limiter = Store.Get<RateLimiter>();
        var sample = await Sample.CreateAsync(Store);
        unlimited = await sample.AuthenticateAsync(await sample.IssueKeyAsync());
        limited = await sample.AuthenticateAsync(await sample.IssueKeyAsync(limits: [AMinute]));
        spent = await sample.AuthenticateAsync(await sample.IssueKeyAsync(limits: [Spent]));

        var limitedApplication = await sample.WithAnotherApplicationAsync([AMinute, AMonth]);
        limitedTwice = await limitedApplication.AuthenticateAsync(await limitedApplication.IssueKeyAsync(limits: [AMinute]));

        await limiter.UseAsync(spent);
        if (!(await RefusedAsync()).IsRefused || (await OneLimitAsync()).IsRefused || (await ThreeLimitsAsync()).IsRefused)
        {
            throw new InvalidOperationException("The samples are not what they are called.");
        }
    }

    [Benchmark(Description = "no limit")]
    public ValueTask<LimitOutcome> NoLimitAsync() => limiter.UseAsync(unlimited);

    [Benchmark(Description = "one limit")]
    public ValueTask<LimitOutcome> OneLimitAsync() => limiter.UseAsync(limited);

    [Benchmark(Description = "one limit, used up")]
    public ValueTask<LimitOutcome> RefusedAsync() => limiter.UseAsync(spent);

    [Benchmark(Description = "one and its application's two")]
    public ValueTask<LimitOutcome> ThreeLimitsAsync() => limiter.UseAsync(limitedTwice);
}
