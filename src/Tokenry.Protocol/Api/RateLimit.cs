using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>How often a credential, or an application with all its credentials, may be used. A limit has exactly one of window and period.</summary>
public sealed record RateLimit
{
    /// <summary>The limit's name in answers and headers: <c>[a-z0-9_-]{1,32}</c>, unique within its list.</summary>
    public required string Name { get; init; }

    /// <summary>The number of successful uses in one window or period; at least 1.</summary>
    public required long Limit { get; init; }

    /// <summary>Length of a fixed window in seconds, 1…86 400, aligned to the epoch. A use beyond the limit answers <c>rate_limited</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? WindowSeconds { get; init; }

    /// <summary>The period of a quota, <c>day</c> or <c>month</c> (UTC). It survives restarts. A use beyond the limit answers <c>quota_exceeded</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Period { get; init; }
}

/// <summary>The state of the tightest limit after a use.</summary>
/// <param name="Name">The limit's name.</param>
/// <param name="Limit">Uses in one window.</param>
/// <param name="Remaining">Uses left in this window.</param>
/// <param name="ResetAt">When the next window begins.</param>
public sealed record RateLimitState(string Name, long Limit, long Remaining, DateTimeOffset ResetAt);
