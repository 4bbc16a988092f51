using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Foundation.Access;

/// <summary>How far an authorisation goes: everything of its kind, or only what is the caller's own.</summary>
/// <param name="OwnOf">The caller, where only its own counts; <c>null</c> = everything.</param>
public readonly record struct Reach(string? OwnOf)
{
    public static readonly Reach All = new(null);

    /// <summary>A principal is in reach if it is the caller, or an application the caller registered.</summary>
    public bool Includes(string principalId, string? ownerId) => OwnOf is null || principalId == OwnOf || ownerId == OwnOf;

    public bool Includes(PrincipalFacts principal) => Includes(principal.Id, principal.OwnerId);
}
