using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// effective(credential, now) = owner's rights now ∩ the credential's own permissions ∩ its objects. The server computes it at every check from cached facts
/// and never caches the result. Roles that the owner has on some objects only count as far as the question is about those (<see cref="AboutObjects"/>).
/// </summary>
public static class Rights
{
    /// <summary>
    /// What a principal may do at an API: the union of its roles, of its roles in the organization in which it acts, and of its own permissions, for scopes that
    /// the API still defines. If an owner bounds the application, no more than the owner may do there.
    /// </summary>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts principal, ApiResourceFacts api) => Of(catalog, principal, api, default);

    /// <summary>The same, with the roles that the principal has on the objects in question.</summary>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts principal, ApiResourceFacts api, AboutObjects about)
    {
        if (!principal.Active)
        {
            return ScopeSet.Empty;
        }

        var scopes =
            principal.IsUser ? ManagementApi.Member.Permissions.At(api)
            : principal.Permissions is { } own ? own.At(api)
            : ScopeSet.Empty;
        scopes = WithRoles(scopes, catalog, principal.RoleIds, api);
        scopes = WithRoles(scopes, catalog, principal.RolesThere, api);
        if (principal.HasObjectRoles)
        {
            scopes = scopes.Union(about.Given(catalog, principal, api));
        }

        scopes = scopes.Intersect(api.Scopes);
        if (principal.ActsIn is not null && api.Identifier == ManagementApi.Identifier)
        {
            scopes = scopes.Intersect(ManagementApi.InOrganization);
        }

        return principal.Owner is { } bound && !scopes.IsEmpty ? scopes.Intersect(Of(catalog, bound, api, about)) : scopes;
    }

    private static ScopeSet WithRoles(ScopeSet scopes, Catalog catalog, string[] roleIds, ApiResourceFacts api)
    {
        foreach (var roleId in roleIds)
        {
            if (catalog.Role(roleId) is { } role)
            {
                scopes = scopes.Union(role.Permissions.At(api));
            }
        }

        return scopes;
    }

    /// <summary>What roles give together, per API. A role that no longer exists gives nothing.</summary>
    public static PermissionSet OfRoles(Catalog catalog, IReadOnlyList<string> roles) =>
        OfGrants(catalog, [.. roles.Select(id => catalog.Role(id)?.Permissions)]);

    /// <summary>What grants give together, per API, at APIs that are still registered.</summary>
    public static PermissionSet OfGrants(Catalog catalog, params IReadOnlyList<GrantSet?> sets) =>
        PermissionSet.Of(
            from set in sets
            where set is not null
            from grant in set.Grants
            let api = catalog.ResourceById(grant.ResourceId)
            where api is not null
            select (api.Identifier, grant.At(api).Intersect(api.Scopes))
        );

    /// <summary>
    /// Everything that a principal's roles and permissions name, without the bounds that apply now. The principal may be enabled again, get another owner, or
    /// its owner may gain rights.
    /// </summary>
    public static PermissionSet Named(Catalog catalog, PrincipalFacts principal)
    {
        var named = OfGrants(
            catalog,
            [
                .. principal
                    .RoleIds.Concat(principal.Memberships.SelectMany(member => member.RoleIds))
                    .Select(id => catalog.Role(id)?.Permissions),
                principal.Permissions,
            ]
        );
        return principal.ObjectRoles.Count == 0 ? named : named.Union(OfObjectRoles(catalog, principal.ObjectRoles));
    }

    /// <summary>What roles on objects give, as if on all objects. Tokenry's own API has no objects.</summary>
    public static PermissionSet OfObjectRoles(Catalog catalog, IEnumerable<HeldObjectRole> roles) =>
        OfObjectRoles(catalog, [.. roles.Select(role => role.RoleId).Distinct(StringComparer.Ordinal)]);

    /// <inheritdoc cref="OfObjectRoles(Catalog, IEnumerable{HeldObjectRole})"/>
    public static PermissionSet OfObjectRoles(Catalog catalog, IReadOnlyList<string> roles) =>
        PermissionSet.OfDistinct(OfRoles(catalog, roles).Entries.Where(entry => entry.Api != ManagementApi.Identifier));

    /// <summary>What a presented credential may do at an API, if the request names that object. Its own objects are checked separately.</summary>
    public static ScopeSet Of(Catalog catalog, Authenticated credential, ApiResourceFacts api, string? asked = null) =>
        Of(catalog, credential, credential.NamedAt(api), api, asked);

    /// <summary>The same, if it names these scopes there.</summary>
    public static ScopeSet Of(Catalog catalog, Authenticated credential, ScopeSet? named, ApiResourceFacts api, string? asked = null) =>
        Of(catalog, credential.Owner, named, api, credential.Owner.HasObjectRoles ? AboutObjects.Of(asked, credential) : default);

    /// <summary>What a credential of that owner may do at an API. Its objects are checked separately.</summary>
    /// <param name="catalog">API resources and roles.</param>
    /// <param name="owner">The owner, whose rights bound it.</param>
    /// <param name="named">What it names there; <c>null</c> = all the owner's rights, but management rights only if it names them.</param>
    /// <param name="api">The API.</param>
    /// <param name="about">The objects in question.</param>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts owner, ScopeSet? named, ApiResourceFacts api, AboutObjects about) =>
        named is null ? (api.Identifier == ManagementApi.Identifier ? ScopeSet.Empty : Of(catalog, owner, api, about))
        : named.IsEmpty ? named
        : Of(catalog, owner, api, about).Intersect(named);

    /// <summary>
    /// The permissions that a credential of that owner gets if the request names none: what the owner may do now at APIs other than the management API.
    /// </summary>
    /// <param name="catalog">API resources and roles.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="objects">The objects to which the credential is limited; <c>null</c> = not limited.</param>
    public static GrantSet Snapshot(Catalog catalog, PrincipalFacts owner, IReadOnlyList<ObjectPattern>? objects) =>
        Snapshot(catalog, api => Of(catalog, owner with { Active = true }, api, AboutObjects.Each(objects)));

    /// <summary>The same for the caller itself: what the calling credential may do now.</summary>
    public static GrantSet Snapshot(Catalog catalog, Caller caller, IReadOnlyList<ObjectPattern>? objects) =>
        Snapshot(catalog, api => caller.EffectiveAt(catalog, api.Identifier, AboutObjects.Each(objects)));

    // Sorted by id, so that equal sets are stored as equal text.
    private static GrantSet Snapshot(Catalog catalog, Func<ApiResourceFacts, ScopeSet> rights) =>
        GrantSet.Of(
            catalog
                .Resources.Where(api => api.Identifier != ManagementApi.Identifier)
                .OrderBy(api => api.Id, StringComparer.Ordinal)
                .Select(api => (api, rights(api)))
                .Where(entry => !entry.Item2.IsEmpty)
        );

    /// <summary>
    /// What a presented credential may do now, per API that accepts its kind. A credential limited to objects counts only at APIs that have objects.
    /// </summary>
    public static PermissionSet Everywhere(Catalog catalog, Authenticated credential)
    {
        var isLimited = AccessDecision.Objects(credential) is not null;
        return PermissionSet.OfDistinct(
            from entry in Everywhere(catalog, credential.Owner, credential.NamedAt, AboutObjects.Of(asked: null, credential)).Entries
            let api = catalog.Resource(entry.Api)
            where api.AcceptedKinds.Contains(credential.Kind) && (!isLimited || api.ObjectTypes.Length > 0)
            let usable = api.Usable(entry.Scopes, credential.Kind)
            where !usable.IsEmpty
            select (entry.Api, usable)
        );
    }

    /// <summary>What a credential of that owner may do, per API where any right remains, for any kind of credential.</summary>
    public static PermissionSet Everywhere(
        Catalog catalog,
        PrincipalFacts owner,
        Func<ApiResourceFacts, ScopeSet?> named,
        AboutObjects about
    ) =>
        PermissionSet.OfDistinct(
            catalog
                .Resources.Select(api => (api.Identifier, Of(catalog, owner, named(api), api, about)))
                .Where(entry => !entry.Item2.IsEmpty)
                .OrderBy(entry => entry.Identifier, StringComparer.Ordinal)
        );
}
