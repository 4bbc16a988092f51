using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports;

/// <summary>The time of a report, in Unix ms.</summary>
/// <param name="From">Its start, inclusive.</param>
/// <param name="To">Its end, exclusive.</param>
/// <param name="Now">When the report is made.</param>
internal sealed record ReportTime(long From, long To, long Now)
{
    private const long DueWithin = 30 * 86_400_000L;

    /// <summary>The longest time of a report; hours of usage are kept a little longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    private static readonly TimeSpan Usual = TimeSpan.FromDays(30);

    /// <summary>The time that a request asks for: <c>from</c> is 30 days before <c>to</c> if it is absent, and <c>to</c> is now.</summary>
    /// <exception cref="ProblemException">400: it is no time of a report.</exception>
    public static (DateTimeOffset From, DateTimeOffset To) Checked(DateTimeOffset? asked, DateTimeOffset? until, DateTimeOffset now)
    {
        var to = until ?? now;
        var from = asked ?? (to - DateTimeOffset.UnixEpoch > Usual ? to - Usual : DateTimeOffset.UnixEpoch);
        return from < to && to - from <= Longest
            ? (from, to)
            : throw ProblemException.Invalid(
                "from",
                new FieldFault("not_before_end", $"must be before 'to', by at most {Longest.TotalDays} days", ("n", Longest.TotalDays))
            );
    }

    /// <summary>What is due before this is due soon.</summary>
    public long Soon => Now + DueWithin;

    public bool Holds(long? time) => time >= From && time < To;
}

/// <summary>What a report can say about a credential: once for a row, and once as SQL, so that figures count what rows show.</summary>
/// <param name="Name">Its name in answers.</param>
/// <param name="Sql">A condition on <c>c</c> (credentials) and <c>u</c> (their last use) with <c>@from</c>, <c>@to</c>, <c>@now</c> and <c>@soon</c>.</param>
/// <param name="Is">The same for a row.</param>
internal sealed record ReportFinding(string Name, string Sql, Func<CredentialRow, ReportTime, bool> Is)
{
    /// <summary>The credentials of a report: those that could be used at some moment of its time.</summary>
    public const string Reported = "c.created_at < @to AND (c.state <> 'revoked' OR c.revoked_at >= @from) AND " + Ends + " >= @from";

    // Not by OR: SQLite would go by the index of expiries for both its parts, and read nearly every credential.
    private const string Ends = "coalesce(c.expires_at, 9223372036854775807)";
    private const string Works = $"c.state = 'active' AND {Ends} > @now";

    public static readonly IReadOnlyList<ReportFinding> All =
    [
        new("made", "c.created_at >= @from", (row, time) => time.Holds(row.CreatedAt)),
        new("rolled", "c.renewed_at >= @from AND c.renewed_at < @to", (row, time) => time.Holds(row.RenewedAt)),
        new("revoked", "c.state = 'revoked' AND c.revoked_at < @to", (row, time) => row.State == "revoked" && time.Holds(row.RevokedAt)),
        new(
            "unused",
            $"{Works} AND c.created_at < @from AND (u.last_used_at IS NULL OR u.last_used_at < @from)",
            (row, time) => DoesWork(row, time) && row.CreatedAt < time.From && !(row.LastUsedAt >= time.From)
        ),
        new(
            "due",
            $"{Works} AND c.due_at > @now AND c.due_at <= @soon",
            (row, time) => DoesWork(row, time) && row.DueAt > time.Now && row.DueAt <= time.Soon
        ),
        new("overdue", $"{Works} AND c.due_at <= @now", (row, time) => DoesWork(row, time) && row.DueAt <= time.Now),
        new("without_expiry", $"{Works} AND c.expires_at IS NULL", (row, time) => DoesWork(row, time) && row.ExpiresAt is null),
        new(
            CredentialWeakness.PermissionsFollowOwner,
            $"{Works} AND c.id > '' AND c.permissions IS NULL AND c.kind IN ('api_key', 'personal_access_token')", // c.id: SQLite goes by their index
            (row, time) => DoesWork(row, time) && row.FollowsOwner
        ),
    ];

    private static bool DoesWork(CredentialRow row, ReportTime time) =>
        row.State == "active" && (row.ExpiresAt is null || row.ExpiresAt > time.Now);
}
