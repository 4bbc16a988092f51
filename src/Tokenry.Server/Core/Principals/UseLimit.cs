using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>One rate limit or quota, ready for counting. Windows are fixed: aligned to the epoch, quotas to the UTC calendar.</summary>
/// <param name="Name">As in answers and headers.</param>
/// <param name="Limit">Uses in one window.</param>
/// <param name="Span">Seconds in digits, <c>day</c> or <c>month</c>.</param>
public sealed record UseLimit(string Name, long Limit, string Span)
{
    private const int MostLimits = 10;
    private const int LongestName = 32;
    private const long HighestLimit = 1_000_000_000_000;
    private const int LongestWindow = 86_400;
    private const string Day = "day";
    private const string Month = "month";

    private readonly long windowMilliseconds =
        Span is Day ? 86_400_000L
        : Span is Month ? 0
        : long.Parse(Span, CultureInfo.InvariantCulture) * 1000;

    /// <summary>A quota survives restarts and answers <c>quota_exceeded</c>.</summary>
    public bool IsQuota => Span is Day or Month;

    /// <summary>The window that contains an instant, in Unix ms: its start, and its end (exclusive).</summary>
    public (long Start, long End) WindowAt(long now)
    {
        if (Span is not Month)
        {
            var start = now - now % windowMilliseconds;
            return (start, start + windowMilliseconds);
        }

        var at = DateTimeOffset.FromUnixTimeMilliseconds(now);
        var first = new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return (first.ToUnixTimeMilliseconds(), first.AddMonths(1).ToUnixTimeMilliseconds());
    }

    /// <summary><c>null</c> if the column is: not limited.</summary>
    public static IReadOnlyList<UseLimit>? Read(string? column) => Of(JsonColumn.ReadNullable<IReadOnlyList<RateLimit>>(column));

    /// <summary>From limits that were validated already.</summary>
    public static IReadOnlyList<UseLimit>? Of(IReadOnlyList<RateLimit>? limits) =>
        limits
            ?.Select(limit => new UseLimit(
                limit.Name,
                limit.Limit,
                limit.Period ?? limit.WindowSeconds!.Value.ToString(CultureInfo.InvariantCulture)
            ))
            .ToArray();

    /// <summary>For each window the lowest of these limits, in their stored form; <c>null</c> = none.</summary>
    public static IReadOnlyList<RateLimit>? Tightest(IReadOnlyList<UseLimit> limits) =>
        limits.Count == 0
            ? null
            :
            [
                .. limits
                    .GroupBy(limit => limit.Span, StringComparer.Ordinal)
                    .Select(ofSpan => ofSpan.MinBy(limit => limit.Limit)!)
                    .GroupBy(limit => limit.Name, StringComparer.Ordinal)
                    .SelectMany(ofName => ofName.Select((limit, i) => limit.ToRateLimit(i == 0 ? limit.Name : $"every-{limit.Span}"))),
            ];

    private RateLimit ToRateLimit(string name) =>
        new()
        {
            Name = name,
            Limit = Limit,
            WindowSeconds = IsQuota ? null : (int)(windowMilliseconds / 1000),
            Period = IsQuota ? Span : null,
        };

    /// <summary>Checks the form of a list of limits.</summary>
    public static void Check(Validation check, string member, IReadOnlyList<RateLimit>? limits)
    {
        if (limits is null)
        {
            return;
        }

        check.Require(limits.Count is > 0 and <= MostLimits, member, $"needs 1 to {MostLimits} limits; null means not limited");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var limit in limits.Take(MostLimits))
        {
            if (limit?.Name is not { } name)
            {
                check.Require(false, member, "each needs a name");
                continue;
            }

            var shown = Validation.Shown(name);
            check.Require(
                name.Length is > 0 and <= LongestName
                    && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-'),
                member,
                $"'{shown}' is not a name: 1 to {LongestName} characters of a-z, 0-9, _ and -"
            );
            check.Require(names.Add(name), member, $"'{shown}' stands twice");
            check.Require(limit.Limit is > 0 and <= HighestLimit, member, $"the limit of '{shown}' must be from 1 to {HighestLimit}");
            check.Require(
                limit.WindowSeconds is null != limit.Period is null,
                member,
                $"'{shown}' needs window_seconds or period, one of the two"
            );
            check.Require(
                limit.WindowSeconds is null or (> 0 and <= LongestWindow),
                member,
                $"window_seconds of '{shown}' must be from 1 to {LongestWindow}"
            );
            check.Require(limit.Period is null or Day or Month, member, $"period of '{shown}' must be {Day} or {Month}");
        }
    }
}
