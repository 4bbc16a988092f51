using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// effective(credential, now) = owner's rights now ∩ the credential's own permissions ∩ its objects. Computed at every check from cached
/// facts; the result is never cached.
/// </summary>
public static class Rights
{
    /// <summary>
    /// What a principal may do at an API: the union of its roles and of what it is given beside them, of scopes the API still defines; of an
    /// application that its owner bounds, no more than the owner may do there.
    /// </summary>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts principal, ApiResourceFacts api)
    {
        if (!principal.Active)
        {
            return ScopeSet.Empty;
        }

        var scopes =
            principal.IsUser ? ManagementApi.Member.Permissions.At(api)
            : principal.Permissions is { } own ? own.At(api)
            : ScopeSet.Empty;
        foreach (var roleId in principal.RoleIds)
        {
            if (catalog.Role(roleId) is { } role)
            {
                scopes = scopes.Union(role.Permissions.At(api));
            }
        }

        scopes = scopes.Intersect(api.Scopes);
        return principal.Owner is { } bound && !scopes.IsEmpty ? scopes.Intersect(Of(catalog, bound, api)) : scopes;
    }

    /// <summary>What roles give together, API by API. What is no role any more gives nothing.</summary>
    public static PermissionSet OfRoles(Catalog catalog, IReadOnlyList<string> roles) =>
        OfGrants(catalog, [.. roles.Select(id => catalog.Role(id)?.Permissions)]);

    /// <summary>What grants give together, API by API, at APIs that are registered still.</summary>
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
    /// All that a principal's roles and permissions name, whatever bounds it now: it may be enabled again, or its owner be another or have more.
    /// </summary>
    public static PermissionSet Named(Catalog catalog, PrincipalFacts principal) =>
        OfGrants(catalog, [.. principal.RoleIds.Select(id => catalog.Role(id)?.Permissions), principal.Permissions]);

    /// <summary>What a presented credential may do at an API; its objects are checked besides.</summary>
    public static ScopeSet Of(Catalog catalog, Authenticated credential, ApiResourceFacts api) =>
        Of(catalog, credential.Owner, credential.NamedAt(api), api);

    /// <summary>What a credential of that owner may do at an API; its objects are checked besides.</summary>
    /// <param name="catalog">API resources and roles.</param>
    /// <param name="owner">Whose rights bound it.</param>
    /// <param name="named">What it names there; <c>null</c> = all the owner's, but management rights only when named.</param>
    /// <param name="api">Where.</param>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts owner, ScopeSet? named, ApiResourceFacts api) =>
        named is null ? (api.Identifier == ManagementApi.Identifier ? ScopeSet.Empty : Of(catalog, owner, api))
        : named.IsEmpty ? named
        : Of(catalog, owner, api).Intersect(named);

    /// <summary>What a credential of that owner gets where none is named: what the owner may do now at other APIs than the management API, written down.</summary>
    public static GrantSet Snapshot(Catalog catalog, PrincipalFacts owner) =>
        Snapshot(catalog, api => Of(catalog, owner with { Active = true }, api));

    /// <summary>The same for oneself: what the calling credential may do now.</summary>
    public static GrantSet Snapshot(Catalog catalog, Caller caller) =>
        Snapshot(catalog, api => caller.EffectiveAt(catalog, api.Identifier));

    // In the order of ids, so that equal ones are written alike.
    private static GrantSet Snapshot(Catalog catalog, Func<ApiResourceFacts, ScopeSet> rights) =>
        GrantSet.Of(
            catalog
                .Resources.Where(api => api.Identifier != ManagementApi.Identifier)
                .OrderBy(api => api.Id, StringComparer.Ordinal)
                .Select(api => (api, rights(api)))
                .Where(entry => !entry.Item2.IsEmpty)
        );

    /// <summary>What a presented credential may do now, API by API: where its kind is accepted and, if it is limited to objects, where objects live.</summary>
    public static PermissionSet Everywhere(Catalog catalog, Authenticated credential)
    {
        var isLimited = AccessDecision.Objects(credential) is not null;
        return PermissionSet.OfDistinct(
            from entry in Everywhere(catalog, credential.Owner, credential.NamedAt).Entries
            let api = catalog.Resource(entry.Api)
            where api.AcceptedKinds.Contains(credential.Kind) && (!isLimited || api.ObjectTypes.Length > 0)
            let usable = api.Usable(entry.Scopes, credential.Kind)
            where !usable.IsEmpty
            select (entry.Api, usable)
        );
    }

    /// <summary>What a credential of that owner comes to at every API where anything remains, whatever may carry them.</summary>
    public static PermissionSet Everywhere(Catalog catalog, PrincipalFacts owner, Func<ApiResourceFacts, ScopeSet?> named) =>
        PermissionSet.OfDistinct(
            catalog
                .Resources.Select(api => (api.Identifier, Of(catalog, owner, named(api), api)))
                .Where(entry => !entry.Item2.IsEmpty)
                .OrderBy(entry => entry.Identifier, StringComparer.Ordinal)
        );
}
