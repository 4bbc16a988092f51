using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>An access review: who held what at a moment, signed line by line. The lines stay as they were; each says if its thing changed since.</summary>
public sealed record AccessReview
{
    /// <summary><c>rvw_…</c></summary>
    public required string Id { get; init; }

    /// <summary>What it covers: <c>server</c> or <c>org_…</c></summary>
    public required string Covers { get; init; }

    /// <summary>The start of the time, inclusive: it has the credentials that could be used at some moment of that time and still are.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The end of the time, exclusive.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>When it was opened; the lines are of this moment.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who opened it, <c>usr_…</c> or <c>app_…</c>.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>How far it is.</summary>
    public required ReviewProgress Progress { get; init; }
}

/// <summary>How many lines of a review are signed.</summary>
/// <param name="Lines">All lines.</param>
/// <param name="Kept">Lines that were signed with <c>keep</c>.</param>
/// <param name="Revoked">Lines that were signed with <c>revoke</c>.</param>
/// <param name="Open">Lines that are not signed.</param>
public sealed record ReviewProgress(long Lines, long Kept, long Revoked, long Open);

/// <summary>Answer of <c>GET /v1/reports/reviews/{id}</c>: a review, and its lines a page at a time.</summary>
public sealed record AccessReviewPage
{
    /// <summary>The review.</summary>
    public required AccessReview Review { get; init; }

    /// <summary>The lines of this page, by owner.</summary>
    public required IReadOnlyList<AccessReviewLine> Items { get; init; }

    /// <summary>Where the next page starts; <c>null</c> = this was the last.</summary>
    public required string? NextCursor { get; init; }
}

/// <summary>A line of a review: a credential, or a role that a principal has.</summary>
public sealed record AccessReviewLine
{
    /// <summary><c>rvl_…</c></summary>
    public required string Id { get; init; }

    /// <summary>
    /// The kind of the credential, such as <c>api_key</c>; <c>role</c>; <c>object_role</c>, a role on some objects only; or in the review of an organization <c>member_token</c>: a personal access token of a
    /// member that acts there among other organizations.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Who holds it.</summary>
    public required CredentialOwner Owner { get; init; }

    /// <summary>The name of the holder when the review was opened.</summary>
    public required string OwnerName { get; init; }

    /// <summary>The credential or the role.</summary>
    public required string TargetId { get; init; }

    /// <summary>Its name when the review was opened. For a <c>member_token</c>: its masked value.</summary>
    public required string Name { get; init; }

    /// <summary>The organization in which it counts; <c>null</c> = in none.</summary>
    public required string? OrganizationId { get; init; }

    /// <summary>What it allowed when the review was opened, in words; <c>owner</c> = what its owner may do; <c>null</c> = it has no permissions of its own.</summary>
    public required string? Permissions { get; init; }

    /// <summary>When it ended, as known when the review was opened.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Its last use before the review was opened; <c>null</c> for a role and a <c>member_token</c> too.</summary>
    public required DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>A value of <see cref="ReviewLineState"/>.</summary>
    public required string Since { get; init; }

    /// <summary><c>keep</c> or <c>revoke</c>; <c>null</c> = not signed.</summary>
    public required string? Decision { get; init; }

    /// <summary>Who signed it.</summary>
    public required string? DecidedBy { get; init; }

    /// <summary>The name of who signed it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DecidedByName { get; init; }

    /// <summary>When it was signed.</summary>
    public required DateTimeOffset? DecidedAt { get; init; }

    /// <summary>What the signer wrote.</summary>
    public required string? Comment { get; init; }
}

/// <summary>Values of <see cref="AccessReviewLine.Since"/>: what happened to the thing of a line since the review was opened.</summary>
public static class ReviewLineState
{
    /// <summary>Nothing.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>It was changed, rolled or disabled, or the role allows something else.</summary>
    public const string Changed = "changed";

    /// <summary>It was revoked, it expired, the holder has the role no more, or the token does not act in the organization any more.</summary>
    public const string Ended = "ended";
}

/// <summary>Body of <c>POST /v1/reports/reviews</c>.</summary>
public sealed record AccessReviewRequest
{
    /// <summary>The start of the time. Absent = 30 days before <c>to</c>.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The end of the time. Absent = now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The organization. Absent = the one in which the caller acts, else the whole server.</summary>
    public string? Organization { get; init; }
}

/// <summary>Body of <c>POST …/lines/{id}/keep</c> and <c>…/revoke</c>.</summary>
public sealed record ReviewSignature
{
    /// <summary>Why; at most 200 characters.</summary>
    public string? Comment { get; init; }
}
