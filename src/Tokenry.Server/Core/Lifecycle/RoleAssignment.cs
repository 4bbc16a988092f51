using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Decides who may give which roles to which principals, and who may change a principal at all.</summary>
public static class RoleAssignment
{
    private const int MostRoles = 100;

    /// <summary>The requested roles: each is known, appears once and reaches no further than the caller.</summary>
    public static IReadOnlyList<string> Check(OperationContext operation, IReadOnlyList<string>? asked)
    {
        var catalog = operation.Catalog;
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
        CheckReach(operation, Rights.OfRoles(catalog, roles));
        return roles;
    }

    /// <summary>The permissions requested for an application beside its roles, checked by the same rule. Empty is <c>null</c>.</summary>
    public static GrantSet? CheckPermissions(OperationContext operation, IReadOnlyList<Permission>? asked)
    {
        var catalog = operation.Catalog;
        var check = new Validation();
        CredentialDraft.CheckPermissions(check, catalog, asked);
        check.ThrowIfAny();
        if (asked is not { Count: > 0 })
        {
            return null;
        }

        var grants = GrantSet.Of(catalog, asked);
        CheckReach(operation, Rights.OfGrants(catalog, grants));
        return grants;
    }

    /// <summary>
    /// A caller who changes a principal could act as it through its secrets. The caller must therefore hold every management right that the principal holds.
    /// </summary>
    public static void CheckMayTouch(Catalog catalog, Caller caller, PrincipalRow row, IReadOnlyList<string> roles) =>
        MintingRule.CheckManagement(
            caller,
            Rights
                .OfRoles(catalog, roles)
                .At(ManagementApi.Identifier)
                .Union(Rights.OfGrants(catalog, GrantSet.OfNullable(row.Permissions)).At(ManagementApi.Identifier))
        );

    private static void CheckReach(OperationContext operation, PermissionSet reached)
    {
        var (_, _, caller, reach, catalog) = operation;
        MintingRule.CheckManagement(caller, reached.At(ManagementApi.Identifier));
        if (reach.OwnOf is not null)
        {
            MintingRule.CheckWithinOwn(catalog, caller, reached);
        }
    }
}
