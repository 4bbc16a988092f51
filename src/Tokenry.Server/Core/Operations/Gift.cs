using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Operations;

/// <summary>What a change of rights gives, and to whom: what <see cref="InHands"/> is asked about.</summary>
/// <param name="atMost">Nobody gets more by it.</param>
/// <param name="to">What a principal gets by itself; <c>null</c> = the change is not about it.</param>
/// <param name="under">What those may get whom a principal bounds; <c>null</c> = what it gets itself.</param>
public sealed class Gift(PermissionSet atMost, Func<PrincipalFacts, PermissionSet?> to, Func<PrincipalFacts, PermissionSet?>? under = null)
{
    /// <summary>Nobody gets more by it.</summary>
    public PermissionSet AtMost => atMost;

    /// <summary>APIs for which a principal may exchange tokens by it.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>What the principal gets by itself; <c>null</c> = the change is not about it.</summary>
    public PermissionSet? To(PrincipalFacts principal) => to(principal);

    /// <summary>What those may get whom the principal bounds, as far as they name it.</summary>
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
        return new(more, principal => principal.RoleIds.Contains(roleId) ? more : null);
    }

    /// <summary>
    /// Another owner of an application, or none. It is bound by another then, so that all it names counts; and it is in other hands, so that it counts for both sides.
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

    /// <summary>A principal that was disabled.</summary>
    public static Gift OfWaking(Catalog catalog, PrincipalFacts principal) =>
        ToOne(principal.Id, PermissionSet.Empty, Rights.Named(catalog, principal));
}
