namespace Tokenry.Server.Core.Principals;

/// <summary>How far an authorisation goes: all items of its kind, or only the caller's own.</summary>
/// <param name="OwnOf">The caller, if only its own items count; <c>null</c> = all.</param>
public readonly record struct Reach(string? OwnOf)
{
    public static readonly Reach All = new(null);

    /// <summary>Whether a principal is in reach: the caller, or below it (<see cref="OwnerLine"/>).</summary>
    /// <param name="principalId">The principal.</param>
    /// <param name="ownerId">Its owner.</param>
    /// <param name="ownerOwnerId">The owner of its owner.</param>
    public bool Includes(string principalId, string? ownerId, string? ownerOwnerId) =>
        OwnOf is null || OwnerLine.Includes(OwnOf, principalId, ownerId, ownerOwnerId);
}
