using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>How often a credential, or an application over all that is its own, may be used; exactly one of window and period.</summary>
public sealed record RateLimit
{
    /// <summary>Names it in answers and headers: <c>[a-z0-9_-]{1,32}</c>, unique within its list.</summary>
    public required string Name { get; init; }

    /// <summary>How many good uses there may be in one window or period, from 1 on.</summary>
    public required long Limit { get; init; }

    /// <summary>Length of a fixed window in seconds, 1…86 400, aligned to the epoch; beyond it <c>rate_limited</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? WindowSeconds { get; init; }

    /// <summary>A quota's period, <c>day</c> or <c>month</c> (UTC), which survives restarts; beyond it <c>quota_exceeded</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Period { get; init; }
}

/// <summary>Where a use left the tightest of the limits that bound it.</summary>
/// <param name="Name">The limit's name.</param>
/// <param name="Limit">Uses in one window.</param>
/// <param name="Remaining">Uses left in this window.</param>
/// <param name="ResetAt">When the next window begins.</param>
public sealed record RateLimitState(string Name, long Limit, long Remaining, DateTimeOffset ResetAt);
