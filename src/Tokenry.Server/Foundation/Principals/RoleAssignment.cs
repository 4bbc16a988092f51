using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
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
        var reached = Rights.OfRoles(catalog, roles);
        MintingRule.CheckManagement(caller, reached.At(ManagementApi.Identifier));
        if (reach.OwnOf is not null)
        {
            MintingRule.CheckWithinOwn(catalog, caller, reached);
        }

        return roles;
    }

    /// <summary>
    /// Whoever changes a principal could become it (by its password, its secrets), so they must hold every management right it holds.
    /// </summary>
    public static void CheckMayTouch(Catalog catalog, Caller caller, IReadOnlyList<string> roles)
    {
        MintingRule.CheckManagement(caller, Rights.OfRoles(catalog, roles).At(ManagementApi.Identifier));
    }
}
