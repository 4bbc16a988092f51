using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Foundation.Principals;

/// <summary>Who may give which roles to whom, and touch whom at all.</summary>
public static class RoleAssignment
{
    private const int MostRoles = 100;

    /// <summary>The roles asked for: known, each once, and none that reaches further than the caller.</summary>
    public static IReadOnlyList<string> Check(Catalog catalog, Caller caller, Reach reach, IReadOnlyList<string>? asked)
    {
        var check = new Validation();
        var roles = (asked ?? []).Distinct(StringComparer.Ordinal).ToList();
        check.Require(roles.Count <= MostRoles, "roles", $"more than {MostRoles}");
        foreach (var id in roles.Take(MostRoles))
        {
            check.Require(
                id is not null && catalog.Role(id) is not null,
                "roles",
                $"'{Validation.Shown(id)}' is not the id of a role; see GET /v1/roles"
            );
        }

        check.ThrowIfAny();
        CheckReach(catalog, caller, reach, Given(catalog, roles));
        return roles;
    }

    /// <summary>What an application is to be given beside its roles: by the same rule.</summary>
    public static IReadOnlyList<Permission> CheckPermissions(Catalog catalog, Caller caller, Reach reach, IReadOnlyList<Permission>? asked)
    {
        var check = new Validation();
        CredentialDraft.CheckPermissions(check, catalog, asked);
        check.ThrowIfAny();
        CheckReach(catalog, caller, reach, PermissionSet.Of(asked ?? []));
        return asked ?? [];
    }

    /// <summary>
    /// To give oneself (or an application of one's own) rights at other APIs is to make a credential of one's own stronger: within what the
    /// calling credential may do there. Who may make credentials for anybody gains nothing by it and is not bound.
    /// </summary>
    public static void CheckForOneself(Catalog catalog, Caller caller, PermissionSet before, PermissionSet after)
    {
        if (!caller.Management.Contains(ManagementApi.CredentialsWrite))
        {
            MintingRule.CheckWithinOwn(
                catalog,
                caller,
                PermissionSet.Of(after.Entries.Select(entry => (entry.Api, entry.Scopes.Except(before.At(entry.Api)))))
            );
        }
    }

    /// <summary>What roles give together; what is no role any more gives nothing.</summary>
    public static PermissionSet Given(Catalog catalog, IEnumerable<string> roles) =>
        PermissionSet.Of(roles.SelectMany(id => catalog.Role(id)?.Permissions.Entries ?? []));

    /// <summary>
    /// Whoever changes a principal could become it (by its secrets), so they must hold every management right it holds.
    /// </summary>
    public static void CheckMayTouch(Catalog catalog, Caller caller, PrincipalRow row, IReadOnlyList<string> roles)
    {
        var facts = row.ToFacts([.. roles]);
        var reached = facts.RoleIds.Aggregate(
            facts.Permissions?.At(ManagementApi.Identifier) ?? ScopeSet.Empty,
            (all, id) => catalog.Role(id) is { } role ? all.Union(role.Permissions.At(ManagementApi.Identifier)) : all
        );
        MintingRule.CheckManagement(caller, reached);
    }

    private static void CheckReach(Catalog catalog, Caller caller, Reach reach, PermissionSet reached)
    {
        MintingRule.CheckManagement(caller, reached.At(ManagementApi.Identifier));
        if (reach.OwnOf is not null)
        {
            MintingRule.CheckWithinOwn(catalog, caller, reached);
        }
    }
}
