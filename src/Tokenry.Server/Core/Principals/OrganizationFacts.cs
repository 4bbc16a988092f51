namespace Tokenry.Server.Core.Principals;

/// <summary>The facts of an organization that decisions need.</summary>
/// <param name="Id"><c>org_…</c></param>
/// <param name="IsEnabled">Whether credentials may act in it.</param>
public sealed record OrganizationFacts(string Id, bool IsEnabled)
{
    /// <summary>Its name, for pages; decisions do not use it.</summary>
    public string Name { get; init; } = "";
}

/// <summary>The roles of a principal in one organization.</summary>
/// <param name="OrganizationId">The organization.</param>
/// <param name="RoleIds">At least one.</param>
public sealed record Membership(string OrganizationId, string[] RoleIds);

/// <summary>The roles of a principal: everywhere, and in its organizations.</summary>
/// <param name="RoleIds">Ids of the roles that it has everywhere.</param>
/// <param name="Memberships">Its organizations.</param>
/// <param name="OnObjects">The roles that it has on some objects only, everywhere and in its organizations.</param>
public sealed record HeldRoles(string[] RoleIds, IReadOnlyList<Membership> Memberships, IReadOnlyList<HeldObjectRole> OnObjects);
