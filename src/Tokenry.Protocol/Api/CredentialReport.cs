using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// Answer of <c>GET /v1/reports/credentials</c>: what happened to credentials in a time, what needs a hand now, and who holds what. It has the credentials that
/// could be used at some moment of that time, ordered by owner, a page at a time.
/// </summary>
public sealed record CredentialReport
{
    /// <summary>The start of the time, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The end of the time, exclusive.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>When the report was made; states are those of this moment.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>What it covers: <c>server</c> or <c>org_…</c></summary>
    public required string Covers { get; init; }

    /// <summary>The figures; only on the first page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReportSummary? Summary { get; init; }

    /// <summary>The credentials of this page.</summary>
    public required IReadOnlyList<ReportedCredential> Items { get; init; }

    /// <summary>Where the next page starts; <c>null</c> = this was the last.</summary>
    public required string? NextCursor { get; init; }
}

/// <summary>The figures of a report.</summary>
public sealed record ReportSummary
{
    /// <summary>How many credentials have each finding, by its name in <c>findings</c>; and <c>all</c>: how many the report has.</summary>
    public required IReadOnlyDictionary<string, BoundedCount> Counts { get; init; }

    /// <summary>Refused uses in the time by their reason, the most frequent first; absent if the caller may not read usage.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RefusalCount>? Refusals { get; init; }
}

/// <summary>A number that is counted up to 10,000.</summary>
/// <param name="Count">The number; 10,000 at most.</param>
/// <param name="More">Whether there are more.</param>
public sealed record BoundedCount(long Count, bool More);

/// <summary>How often a use was refused for one reason.</summary>
/// <param name="Code">A code as in the usage of credentials.</param>
/// <param name="Count">How often.</param>
public sealed record RefusalCount(string Code, long Count);

/// <summary>A credential of a report.</summary>
public sealed record ReportedCredential
{
    /// <summary>The credential as lists show it.</summary>
    public required Credential Credential { get; init; }

    /// <summary>The name of its owner; absent if the caller may not see it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OwnerName { get; init; }

    /// <summary>
    /// What the report says about it. In the time: <c>made</c>, <c>rolled</c>, <c>revoked</c>, <c>unused</c> (it works, is older than the time, and was not used
    /// in it or since). Now, of those that work: <c>due</c> (within 30 days), <c>overdue</c>, <c>without_expiry</c>, <c>permissions_follow_owner</c>.
    /// </summary>
    public required IReadOnlyList<string> Findings { get; init; }
}
