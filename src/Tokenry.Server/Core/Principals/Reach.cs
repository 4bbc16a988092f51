namespace Tokenry.Server.Core.Principals;

/// <summary>How far an authorisation goes: all items of its kind, only the caller's own, or only those of one organization.</summary>
/// <param name="OwnOf">The caller, if only its own items count; <c>null</c> = not limited to them.</param>
public readonly record struct Reach(string? OwnOf)
{
    public static readonly Reach All = new(null);

    /// <summary>The organization in which the calling credential acts, if only its items count; <c>null</c> = not limited to one.</summary>
    public string? Organization { get; init; }

    /// <summary>Whether it goes to all items.</summary>
    public bool IsAll => OwnOf is null && Organization is null;

    /// <summary>All items of one organization.</summary>
    public static Reach In(string organization) => new(null) { Organization = organization };

    /// <summary>Whether a principal is in reach: the caller, or below it (<see cref="OwnerLine"/>); or an application of the organization.</summary>
    /// <param name="row">The principal.</param>
    public bool Includes(PrincipalRow row) =>
        (OwnOf is null || OwnerLine.Includes(OwnOf, row.Id, row.OwnerId, row.OwnerOwnerId))
        && (Organization is null || row.OrganizationId == Organization || row.Id == OwnOf);

    /// <summary>Whether a credential is in reach, by its owner's line and by the organization in which it acts.</summary>
    /// <param name="line">The owner, the owner of the owner, and the owner of that one.</param>
    /// <param name="organizationId">The organization.</param>
    public bool Includes((string Owner, string? OwnerOwner, string? Top) line, string? organizationId) =>
        (OwnOf is null || OwnerLine.Includes(OwnOf, line.Owner, line.OwnerOwner, line.Top))
        && (Organization is null || organizationId == Organization);
}
