using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>Reads the requested API resource (RFC 8707) and scopes, the same way for every grant.</summary>
public static class TokenTarget
{
    private const string NoAccess = "the client has no access to this resource";

    /// <summary>The named resource, or the only one if the request names none.</summary>
    /// <param name="catalog">API resources and roles.</param>
    /// <param name="form">The parameters.</param>
    /// <param name="isOpen">Whether the client can get a scope at an API.</param>
    /// <exception cref="OAuthError">400 <c>invalid_target</c>, the same for an unknown API and one that is not open.</exception>
    public static ApiResourceFacts Find(Catalog catalog, FormParameters form, Func<ApiResourceFacts, bool> isOpen)
    {
        var named = form.All("resource", "audience");
        for (var i = 1; i < named.Count; i++)
        {
            if (!ResourceIdentifier.AreSame(named[i], named[0]))
            {
                throw OAuthError.InvalidTarget("one resource a token");
            }
        }

        if (named.Count > 0)
        {
            return catalog.Named(named[0]) is { } api && isOpen(api) ? api : throw OAuthError.InvalidTarget(NoAccess);
        }

        var open = catalog.Resources.Where(isOpen).Take(2).ToList();
        return open.Count == 1 ? open[0] : throw OAuthError.InvalidTarget("name the resource; the client has none or several");
    }

    /// <exception cref="OAuthError">400 <c>invalid_target</c>: no scope of the API is open to an access token.</exception>
    public static void Check(ApiResourceFacts api, ScopeSet allowed)
    {
        if (allowed.IsEmpty || !api.AcceptedKinds.Contains(Protocol.Api.CredentialKind.AccessToken))
        {
            throw OAuthError.InvalidTarget(NoAccess);
        }
    }

    /// <summary>
    /// The requested scopes with those they imply, or all allowed scopes if the client requests none. Implied scopes are included because a verifier that
    /// does not call this server must see the same rights.
    /// </summary>
    /// <exception cref="OAuthError">400 <c>invalid_scope</c>.</exception>
    public static ScopeSet Scope(FormParameters form, ApiResourceFacts api, ScopeSet allowed)
    {
        if (form["scope"] is not { } asked)
        {
            return allowed;
        }

        if (!ScopeSet.TryParse(asked, out var scope))
        {
            throw OAuthError.InvalidScope("the scope is malformed");
        }

        return allowed.IsSupersetOf(scope)
            ? api.Register.Hierarchy.Closure(scope).Intersect(allowed)
            : throw OAuthError.InvalidScope(
                $"the client may not have at this resource: {Validation.Shown(scope.Except(allowed).ToString())}"
            );
    }
}
