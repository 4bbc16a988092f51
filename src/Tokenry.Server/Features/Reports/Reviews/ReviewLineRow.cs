using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>A line as stored, with what its thing is now.</summary>
internal sealed record ReviewLineRow
{
    public const string IdPrefix = "rvl";

    /// <summary>The kind of a line that is no credential.</summary>
    public const string Role = "role";

    /// <summary>The kind of a line of a role that counts on some objects only.</summary>
    public const string ObjectRole = "object_role";

    /// <summary>The kind of a line of a member's token that acts here among other organizations. The review knows of it what the organization may know.</summary>
    public const string MemberToken = "member_token";

    public const string Keep = "keep";
    public const string Revoke = "revoke";

    public string Id { get; init; } = "";

    public string ReviewId { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerType { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string OwnerName { get; init; } = "";

    public string TargetId { get; init; } = "";

    public string Name { get; init; } = "";

    public string? OrganizationId { get; init; }

    public string? Permissions { get; init; }

    public long? ExpiresAt { get; init; }

    public long? LastUsedAt { get; init; }

    /// <summary>What it was when the review was opened: state and revision of a credential, what the role allowed, or for a member's token state and permissions here.</summary>
    public string Stated { get; init; } = "";

    public string? Decision { get; init; }

    public string? DecidedBy { get; init; }

    public string? DecidedByName { get; init; }

    public long? DecidedAt { get; init; }

    public string? Comment { get; init; }

    /// <summary>For a credential: <see cref="Stated"/> as it is now.</summary>
    public string? StatedNow { get; init; }

    /// <summary>For a credential: when it expires now.</summary>
    public long? ExpiresNow { get; init; }

    /// <summary>For a member's token: its permissions now, as stored.</summary>
    public string? PermissionsNow { get; init; }

    /// <summary>For a role: 1 if the holder has it now. For a member's token: how many roles its holder has in the organization now.</summary>
    public long HoldsNow { get; init; }

    /// <summary>For a role on objects: their patterns now.</summary>
    public string? ObjectsNow { get; init; }

    public bool IsRole => Kind is Role or ObjectRole;

    public bool IsOnObjects => Kind == ObjectRole;

    public bool IsMemberToken => Kind == MemberToken;

    /// <summary>What happened to it since the review was opened.</summary>
    public string Since(Catalog catalog, long now) =>
        HasEnded(now) ? ReviewLineState.Ended
        : StatedIn(catalog) != Stated ? ReviewLineState.Changed
        : ReviewLineState.Unchanged;

    private bool HasEnded(long now) =>
        IsRole
            ? HoldsNow == 0
            : StatedNow is null
                || StatedNow.StartsWith("revoked.", StringComparison.Ordinal)
                || ExpiresNow <= now
                || (IsMemberToken && (HoldsNow == 0 || GrantSet.OfNullable(PermissionsNow)?.Names(OrganizationId!) != true));

    private string? StatedIn(Catalog catalog) =>
        IsRole ? ReviewWords.OfRole(catalog, TargetId, ObjectsNow)
        : IsMemberToken ? ReviewWords.OfMemberToken(catalog, StatedNow!.Split('.')[0], GrantSet.Of(PermissionsNow!).In(OrganizationId))
        : StatedNow;

    public AccessReviewLine ToLine(Catalog catalog, long now) =>
        new()
        {
            Id = Id,
            Kind = Kind,
            Owner = new CredentialOwner(OwnerType, OwnerId),
            OwnerName = OwnerName,
            TargetId = TargetId,
            Name = Name,
            OrganizationId = OrganizationId,
            Permissions = Permissions,
            ExpiresAt = Time(ExpiresAt),
            LastUsedAt = Time(LastUsedAt),
            Since = Since(catalog, now),
            Decision = Decision,
            DecidedBy = DecidedBy,
            DecidedByName = DecidedByName,
            DecidedAt = Time(DecidedAt),
            Comment = Comment,
        };

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
}
