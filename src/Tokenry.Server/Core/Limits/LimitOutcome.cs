using System.Globalization;
using System.Text;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Limits;

/// <summary>The state of one limit after a use.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Remaining">Uses left in the window.</param>
/// <param name="Start">Unix ms of the start of the window.</param>
/// <param name="End">Unix ms of the start of the next window.</param>
public readonly record struct LimitStanding(UseLimit Limit, long Remaining, long Start, long End);

/// <summary>The result of all limits for one use; the default value if there are no limits.</summary>
public readonly struct LimitOutcome
{
    private readonly LimitStanding[]? standings;
    private readonly int tightest;
    private readonly long now;

    private LimitOutcome(LimitStanding[] standings, int tightest, long now, bool refused)
    {
        this.standings = standings;
        this.tightest = tightest;
        this.now = now;
        IsRefused = refused;
    }

    /// <summary>Whether a limit is used up; if so, no limit counted the use.</summary>
    public bool IsRefused { get; }

    /// <summary><c>rate_limited</c> takes precedence over <c>quota_exceeded</c>.</summary>
    public string Code =>
        !IsRefused ? VerificationCode.Valid
        : standings!.Any(standing => standing.Remaining <= 0 && !standing.Limit.IsQuota) ? VerificationCode.RateLimited
        : VerificationCode.QuotaExceeded;

    /// <summary>
    /// The limit with the fewest uses left; of several that are used up, the one with the longest wait. <c>null</c> without limits.
    /// </summary>
    public RateLimitState? State =>
        standings is null
            ? null
            : new(
                standings[tightest].Limit.Name,
                standings[tightest].Limit.Limit,
                standings[tightest].Remaining,
                DateTimeOffset.FromUnixTimeMilliseconds(standings[tightest].End)
            );

    /// <summary>The time until the limit allows a use again.</summary>
    public TimeSpan Wait => standings is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(standings[tightest].End - now);

    /// <summary>Writes <c>RateLimit-Policy</c> with every limit and <c>RateLimit</c> with the tightest; writes nothing without limits.</summary>
    public void WriteHeaders(IHeaderDictionary headers)
    {
        if (standings is null)
        {
            return;
        }

        var policy = new StringBuilder();
        foreach (var (limit, _, start, end) in standings)
        {
            policy
                .Append(policy.Length == 0 ? "" : ", ")
                .Append(CultureInfo.InvariantCulture, $"\"{limit.Name}\";q={limit.Limit};w={(end - start) / 1000}");
        }

        headers["RateLimit-Policy"] = policy.ToString();
        headers["RateLimit"] = string.Create(
            CultureInfo.InvariantCulture,
            $"\"{standings[tightest].Limit.Name}\";r={standings[tightest].Remaining};t={Math.Ceiling(Wait.TotalSeconds)}"
        );
    }

    /// <summary>The outcome of these states after the use. A limit without uses left before the use refuses it.</summary>
    internal static LimitOutcome Of(LimitStanding[] standings, long now, bool refused)
    {
        var least = 0;
        for (var i = 1; i < standings.Length; i++)
        {
            var (mine, best) = (standings[i], standings[least]);
            if (mine.Remaining < best.Remaining || mine.Remaining == best.Remaining && mine.End > best.End)
            {
                least = i;
            }
        }

        return new(standings, least, now, refused);
    }
}
