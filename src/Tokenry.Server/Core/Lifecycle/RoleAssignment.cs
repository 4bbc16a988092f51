using Tokenry.Protocol.Access;
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
        var roles = Known(operation.Catalog, asked, inOrganization: false);
        CheckReach(operation, Rights.OfRoles(operation.Catalog, roles));
        return roles;
    }

    /// <summary>The same for roles in an organization. Only the roles that the member does not have yet must reach no further than the caller.</summary>
    /// <param name="operation">The operation, which locked the organization.</param>
    /// <param name="asked">The requested roles.</param>
    /// <param name="held">The roles that the member has there.</param>
    public static IReadOnlyList<string> CheckInOrganization(
        OperationContext operation,
        IReadOnlyList<string>? asked,
        IReadOnlyList<string> held
    )
    {
        var roles = Known(operation.Catalog, asked, inOrganization: true);
        CheckReach(operation, InOrganization(operation.Catalog, [.. roles.Except(held, StringComparer.Ordinal)]));
        return roles;
    }

    /// <summary>What roles give in an organization, where management scopes of the whole server give nothing.</summary>
    public static PermissionSet InOrganization(Catalog catalog, IReadOnlyList<string> roles)
    {
        var all = Rights.OfRoles(catalog, roles);
        return PermissionSet.OfDistinct(
            all.Entries.Select(entry =>
                (entry.Api, entry.Api == ManagementApi.Identifier ? entry.Scopes.Intersect(ManagementApi.InOrganization) : entry.Scopes)
            )
        );
    }

    private static List<string> Known(Catalog catalog, IReadOnlyList<string>? asked, bool inOrganization)
    {
        var check = new Validation();
        var roles = (asked ?? []).Distinct(StringComparer.Ordinal).ToList();
        check.Require(roles.Count <= MostRoles, "roles", new FieldFault("too_many", $"more than {MostRoles}", ("n", MostRoles)));
        foreach (var id in roles.Take(MostRoles))
        {
            check.Require(
                id is not null && catalog.Role(id) is not null,
                "roles",
                new FieldFault(
                    "not_role",
                    $"'{Validation.Shown(id)}' is not the id of a role; see GET /v1/roles",
                    ("value", Validation.Shown(id))
                )
            );
            check.Require(
                id is null || catalog.Role(id) is not { BuiltIn: true } role || ManagementApi.IsOfOrganization(role) == inOrganization,
                "roles",
                inOrganization
                    ? new FieldFault(
                        "role_of_server",
                        $"'{Validation.Shown(id)}' is a role of the whole server; give organization_administrator, organization_developer, organization_member or a role of your own",
                        ("value", Validation.Shown(id))
                    )
                    : new FieldFault(
                        "role_of_organization",
                        $"'{Validation.Shown(id)}' is a role in an organization; give it with /v1/organizations/{{id}}/members",
                        ("value", Validation.Shown(id))
                    )
            );
        }

        check.ThrowIfAny();
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
    /// <param name="operation">The operation.</param>
    /// <param name="row">The principal.</param>
    /// <param name="held">Its roles, everywhere and in organizations. The right to read an organization does not count: every member has it.</param>
    public static void CheckMayTouch(OperationContext operation, PrincipalRow row, HeldRoles held)
    {
        var catalog = operation.Catalog;
        var everywhere = Rights
            .OfRoles(catalog, held.RoleIds)
            .At(ManagementApi.Identifier)
            .Union(Rights.OfGrants(catalog, GrantSet.OfNullable(row.Permissions)).At(ManagementApi.Identifier));
        var there = InOrganization(catalog, [.. held.Memberships.SelectMany(member => member.RoleIds)])
            .At(ManagementApi.Identifier)
            .Except(ScopeSet.Of([ManagementApi.OrganizationRead, ManagementApi.TokensOwn]));
        MintingRule.CheckManagement(
            operation.Caller,
            (row.OrganizationId is null ? everywhere : everywhere.Intersect(ManagementApi.InOrganization)).Union(there)
        );
    }

    /// <summary>Refuses to give what reaches further than the caller.</summary>
    internal static void CheckReach(OperationContext operation, PermissionSet reached)
    {
        var (_, _, caller, reach, catalog) = operation;
        MintingRule.CheckManagement(caller, reached.At(ManagementApi.Identifier));
        if (!reach.IsAll)
        {
            MintingRule.CheckWithinOwn(catalog, caller, reached);
        }
    }
}
