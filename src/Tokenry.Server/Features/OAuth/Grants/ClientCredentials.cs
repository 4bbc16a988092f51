using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Signing;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary><c>client_credentials</c> (RFC 6749 §4.4) for one API resource (RFC 8707), within what the application may do now.</summary>
public sealed class ClientCredentials(CatalogCache catalogs, AccessTokenWriter writer)
{
    public const string Name = "client_credentials";

    public async ValueTask<IssuedToken> RunAsync(TokenRequest request)
    {
        var (client, form, _) = request;
        var catalog = await catalogs.GetAsync();
        var api = Target(catalog, client, form);
        var allowed = api.Usable(Rights.Of(catalog, client.Principal, api), CredentialKind.AccessToken);
        if (allowed.IsEmpty || !api.AcceptedKinds.Contains(CredentialKind.AccessToken))
        {
            throw OAuthError.InvalidTarget("the client has no access to this resource");
        }

        var confirmation = request.ConfirmationFor(api);
        var scope = Scope(form, allowed);
        var (token, tokenId) = writer.Write(
            new AccessTokenClaims
            {
                Audience = api.Identifier,
                Subject = client.Principal.Id,
                ClientId = client.Principal.Id,
                Scope = scope,
                CredentialId = client.CredentialId!,
                Confirmation = confirmation,
                Lifetime = api.AccessTokenLifetime,
            },
            api.AccessTokenSigningAlg
        );
        return new IssuedToken(token, tokenId, api, api.AccessTokenLifetime, scope) { Confirmation = confirmation };
    }

    /// <summary>The resource that is named, else the only API where the client has rights.</summary>
    private static ApiResourceFacts Target(Catalog catalog, Caller client, FormParameters form)
    {
        var named = form.All("resource", "audience");
        for (var i = 1; i < named.Count; i++)
        {
            if (named[i] != named[0])
            {
                throw OAuthError.InvalidTarget("one resource a token");
            }
        }

        if (named.Count > 0)
        {
            return catalog.Resource(named[0]) ?? throw OAuthError.InvalidTarget("the client has no access to this resource");
        }

        var reachable = catalog.Resources.Where(api => !Rights.Of(catalog, client.Principal, api).IsEmpty).Take(2).ToList();
        return reachable.Count == 1 ? reachable[0] : throw OAuthError.InvalidTarget("name the resource; the client has none or several");
    }

    private static ScopeSet Scope(FormParameters form, ScopeSet allowed)
    {
        if (form["scope"] is not { } asked)
        {
            return allowed;
        }

        if (!ScopeSet.TryParse(asked, out var scope))
        {
            throw OAuthError.InvalidScope("the scope is malformed");
        }

        return allowed.IsSupersetOf(scope) ? scope : throw OAuthError.InvalidScope("the client may not have this scope at this resource");
    }
}
