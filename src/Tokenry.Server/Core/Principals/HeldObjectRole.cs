using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Principals;

/// <summary>A role that a principal has on some objects only (docs/decisions/0109-roles-on-objects.md).</summary>
/// <param name="organizationId">The organization in which it counts; <c>null</c> = wherever the principal acts.</param>
/// <param name="roleId">The role.</param>
/// <param name="pattern">The objects.</param>
public sealed class HeldObjectRole(string? organizationId, string roleId, ObjectPattern pattern)
{
    /// <summary>The organization in which it counts; <c>null</c> = wherever the principal acts.</summary>
    public string? OrganizationId => organizationId;

    /// <summary>The role.</summary>
    public string RoleId => roleId;

    /// <summary>The objects.</summary>
    public ObjectPattern Pattern => pattern;

    /// <summary>Whether it is the same role at the same place on the same objects.</summary>
    public bool Is(HeldObjectRole other) =>
        OrganizationId == other.OrganizationId && RoleId == other.RoleId && Pattern.ToString() == other.Pattern.ToString();

    /// <summary>Its objects among those to which a credential is limited; <c>null</c> = it is not.</summary>
    public IEnumerable<ObjectPattern> Within(IReadOnlyList<ObjectPattern>? limits) =>
        limits is null || limits.Any(limit => limit.Covers(Pattern)) ? [Pattern] : limits.Where(Pattern.Covers);

    /// <summary>Whether it is the same role at the same place on all these objects.</summary>
    public bool Includes(HeldObjectRole other) =>
        OrganizationId == other.OrganizationId && RoleId == other.RoleId && Pattern.Covers(other.Pattern);

    /// <summary>The change from one list to another, for the trail.</summary>
    public static AuditChange Change(IReadOnlyList<HeldObjectRole> before, IReadOnlyList<HeldObjectRole> after) =>
        AuditChanges.OfType("object_roles", Lines(before), Lines(after));

    private static IReadOnlyList<string> Lines(IReadOnlyList<HeldObjectRole> held) =>
        [.. held.Select(role => $"{role.RoleId} on {role.Pattern}").Order(StringComparer.Ordinal)];
}
