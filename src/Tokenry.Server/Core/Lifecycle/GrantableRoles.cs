using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// The roles that a form offers: those that the principal has, and those that the caller may give now. <see cref="RoleAssignment"/> decides when the form is
/// sent.
/// </summary>
public sealed class GrantableRoles(CatalogCache catalogs)
{
    /// <param name="caller">The caller.</param>
    /// <param name="held">Ids of the roles that the principal has there.</param>
    /// <param name="inOrganization">Whether the roles are for an organization; otherwise for the whole server.</param>
    public async Task<IReadOnlyList<RoleChoice>> ListAsync(Caller caller, IReadOnlyList<string> held, bool inOrganization)
    {
        var catalog = await catalogs.GetAsync();
        return
        [
            .. catalog
                .Roles.Select(role => (Role: role, IsHeld: held.Contains(role.Id, StringComparer.Ordinal)))
                .Where(entry => entry.IsHeld || MayGive(catalog, caller, entry.Role, inOrganization))
                .OrderBy(entry => entry.Role.BuiltIn ? 0 : 1)
                .ThenBy(entry => entry.Role.BuiltIn ? entry.Role.Id : entry.Role.Name, StringComparer.OrdinalIgnoreCase)
                .Select(entry => new RoleChoice(entry.Role.Id, entry.Role.Name, entry.Role.Description, entry.IsHeld)),
        ];
    }

    /// <summary>The roles that a form offers for some objects only: those that the caller may give, at whose APIs there are objects.</summary>
    public async Task<IReadOnlyList<ObjectRoleChoice>> OnObjectsAsync(Caller caller)
    {
        var catalog = await catalogs.GetAsync();
        return
        [
            .. catalog
                .Roles.Where(role => !role.BuiltIn && MayGive(catalog, caller, Rights.OfObjectRoles(catalog, [role.Id])))
                .Select(role => new ObjectRoleChoice(
                    role.Id,
                    role.Name,
                    [.. ObjectRoleAssignment.TypesOf(catalog, role).Order(StringComparer.Ordinal)]
                ))
                .Where(choice => choice.Types.Count > 0)
                .OrderBy(choice => choice.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    /// <summary>The names of roles by their ids, for the roles of principals that the caller may see.</summary>
    public async Task<IReadOnlyDictionary<string, string>> NamesAsync(IEnumerable<string> ids)
    {
        var catalog = await catalogs.GetAsync();
        return ids.Distinct(StringComparer.Ordinal).ToDictionary(id => id, id => catalog.Role(id)?.Name ?? id, StringComparer.Ordinal);
    }

    /// <summary>What a role gives, per API; <c>null</c> = it was deleted.</summary>
    /// <param name="id">The role.</param>
    /// <param name="inOrganization">Whether in an organization; otherwise on the whole server.</param>
    public async Task<IReadOnlyList<Permission>?> GivesAsync(string id, bool inOrganization)
    {
        var catalog = await catalogs.GetAsync();
        return catalog.Role(id) is null
            ? null
            :
            [
                .. (inOrganization ? RoleAssignment.InOrganization(catalog, [id]) : Rights.OfRoles(catalog, [id]))
                    .Entries.Where(entry => !entry.Scopes.IsEmpty)
                    .Select(entry => new Permission(entry.Api, [.. entry.Scopes])),
            ];
    }

    private static bool MayGive(Catalog catalog, Caller caller, RoleFacts role, bool inOrganization)
    {
        if (role.BuiltIn && (ManagementApi.IsOfOrganization(role) != inOrganization || role.Id == ManagementApi.Member.Id))
        {
            return false; // every user is a member of the server without an assignment
        }

        return MayGive(
            catalog,
            caller,
            inOrganization ? RoleAssignment.InOrganization(catalog, [role.Id]) : Rights.OfRoles(catalog, [role.Id])
        );
    }

    private static bool MayGive(Catalog catalog, Caller caller, PermissionSet given) =>
        given.Entries.All(entry =>
            entry.Api == ManagementApi.Identifier
                ? caller.Management.IsSupersetOf(entry.Scopes)
                : caller.OrganizationId is null || caller.EffectiveAt(catalog, entry.Api).IsSupersetOf(entry.Scopes)
        );
}

/// <summary>A role that a form offers.</summary>
/// <param name="Id"><c>rol_…</c></param>
/// <param name="Name">Its name.</param>
/// <param name="Description">Text for the person who gives it.</param>
/// <param name="IsHeld">Whether the principal has it already.</param>
public sealed record RoleChoice(string Id, string Name, string? Description, bool IsHeld);

/// <summary>A role that a form offers for some objects only.</summary>
/// <param name="Id"><c>rol_…</c></param>
/// <param name="Name">Its name.</param>
/// <param name="Types">The types of objects for which it can be given.</param>
public sealed record ObjectRoleChoice(string Id, string Name, IReadOnlyList<string> Types);
