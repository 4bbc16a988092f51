using Tokenry.Protocol.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Foundation.Access;

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
            principal.IsUser ? ManagementApi.Member.Permissions.At(api.Identifier)
            : principal.Permissions is { } own ? own.At(api.Identifier)
            : ScopeSet.Empty;
        foreach (var roleId in principal.RoleIds)
        {
            if (catalog.Role(roleId) is { } role)
            {
                scopes = scopes.Union(role.Permissions.At(api.Identifier));
            }
        }

        scopes = scopes.Intersect(api.Scopes);
        return principal.Owner is { } bound && !scopes.IsEmpty ? scopes.Intersect(Of(catalog, bound, api)) : scopes;
    }

    /// <summary>What a credential of that owner may do at an API; its objects are checked besides.</summary>
    /// <param name="catalog">API resources and roles.</param>
    /// <param name="owner">Whose rights bound it.</param>
    /// <param name="permissions">Its own; <c>null</c> = all the owner's, but management rights only when named.</param>
    /// <param name="api">Where.</param>
    public static ScopeSet Of(Catalog catalog, PrincipalFacts owner, PermissionSet? permissions, ApiResourceFacts api)
    {
        if (permissions is null)
        {
            return api.Identifier == ManagementApi.Identifier ? ScopeSet.Empty : Of(catalog, owner, api);
        }

        var named = permissions.At(api.Identifier);
        return named.IsEmpty ? named : Of(catalog, owner, api).Intersect(named);
    }

    /// <summary>What a presented credential may do now, API by API: where its kind is accepted and, if it is limited to objects, where objects live.</summary>
    public static PermissionSet Everywhere(Catalog catalog, Authenticated credential)
    {
        var isLimited = AccessDecision.Objects(credential) is not null;
        return PermissionSet.OfDistinct(
            from entry in Everywhere(catalog, credential.Owner!, credential.Permissions).Entries
            let api = catalog.Resource(entry.Api)
            where api.AcceptedKinds.Contains(credential.Kind) && (!isLimited || api.ObjectTypes.Length > 0)
            let usable = api.Usable(entry.Scopes, credential.Kind)
            where !usable.IsEmpty
            select (entry.Api, usable)
        );
    }

    /// <summary>What permissions of that owner come to at every API where anything remains, whatever may carry them.</summary>
    public static PermissionSet Everywhere(Catalog catalog, PrincipalFacts owner, PermissionSet? permissions) =>
        PermissionSet.OfDistinct(
            catalog
                .Resources.Select(api => (api.Identifier, Of(catalog, owner, permissions, api)))
                .Where(entry => !entry.Item2.IsEmpty)
                .OrderBy(entry => entry.Identifier, StringComparer.Ordinal)
        );
}
