using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Operations;

/// <summary>What a change of rights gives, and to which principals; the input of <see cref="InHands"/>.</summary>
/// <param name="atMost">No principal gets more than this.</param>
/// <param name="to">What a principal gets itself; <c>null</c> = the change does not affect it.</param>
/// <param name="under">What the principals bound by a principal may get; <c>null</c> = what it gets itself.</param>
public sealed class Gift(PermissionSet atMost, Func<PrincipalFacts, PermissionSet?> to, Func<PrincipalFacts, PermissionSet?>? under = null)
{
    /// <summary>No principal gets more than this.</summary>
    public PermissionSet AtMost => atMost;

    /// <summary>APIs for which the change lets a principal exchange tokens.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>What the principal gets itself; <c>null</c> = the change does not affect it.</summary>
    public PermissionSet? To(PrincipalFacts principal) => to(principal);

    /// <summary>What the principals bound by this principal may get, as far as they name it.</summary>
    public PermissionSet? Under(PrincipalFacts principal) => (under ?? to)(principal);

    /// <summary>More roles or permissions of one principal.</summary>
    public static Gift ToOne(string id, PermissionSet before, PermissionSet after)
    {
        var more = after.Except(before);
        return new(more, principal => principal.Id == id ? more : null);
    }

    /// <summary>More permissions of a role.</summary>
    public static Gift ToHolders(string roleId, PermissionSet before, PermissionSet after)
    {
        var more = after.Except(before);
        return new(
            more,
            principal =>
                principal.RoleIds.Contains(roleId)
                || principal.Memberships.Any(member => member.RoleIds.Contains(roleId))
                || principal.ObjectRoles.Any(role => role.RoleId == roleId)
                    ? more
                    : null
        );
    }

    /// <summary>
    /// The application gets another owner, or none. Another owner bounds it then, so everything it names counts. It also comes into other hands, so both
    /// sides count.
    /// </summary>
    public static Gift OfOwner(Catalog catalog, PrincipalFacts application, string? newOwner)
    {
        var named = Rights.Named(catalog, application);
        return new(
            named,
            principal => principal.Id == application.Id || principal.Id == newOwner ? named : null,
            principal => principal.Id == application.Id ? named : null
        )
        {
            Audiences = application.Client.ExchangeAudiences ?? [],
        };
    }

    /// <summary>A disabled organization is enabled: whatever its members and applications may do, they may do there again.</summary>
    public static Gift OfOpening(Catalog catalog, string organizationId) =>
        new(
            PermissionSet.OfDistinct(catalog.Resources.Select(api => (api.Identifier, api.Scopes))),
            principal =>
                principal.Home?.Id == organizationId || principal.Memberships.Any(member => member.OrganizationId == organizationId)
                    ? Rights.Named(catalog, principal)
                    : null
        );

    /// <summary>A disabled principal is enabled.</summary>
    public static Gift OfWaking(Catalog catalog, PrincipalFacts principal) =>
        ToOne(principal.Id, PermissionSet.Empty, Rights.Named(catalog, principal));
}
