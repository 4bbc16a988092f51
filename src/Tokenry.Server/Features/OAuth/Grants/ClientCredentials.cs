using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary><c>client_credentials</c> (RFC 6749 §4.4) for one API resource (RFC 8707), limited to what the application may do now.</summary>
public sealed class ClientCredentials(CatalogCache catalogs, AccessTokenWriter writer) : IGrant
{
    public string Name => "client_credentials";

    public async ValueTask<IssuedToken> RunAsync(TokenRequest request)
    {
        var (client, form, _) = request;
        // A public client did not authenticate, so it must not use this grant (RFC 6749 §4.4).
        var credentialId = client.CredentialId ?? throw OAuthError.UnauthorizedClient();
        var catalog = await catalogs.GetAsync();
        var api = TokenTarget.Find(catalog, form, api => !Rights.Of(catalog, client.Principal, api).IsEmpty);
        var allowed = api.Usable(Rights.Of(catalog, client.Principal, api), CredentialKind.AccessToken);
        TokenTarget.Check(api, allowed);
        var confirmation = request.ConfirmationFor(api);
        var scope = TokenTarget.Scope(form, api, allowed);
        var (token, tokenId) = AccessTokenGrant.Sign(
            writer,
            new AccessTokenClaims
            {
                Audience = api.Identifier,
                Subject = client.Principal.Id,
                ClientId = client.Principal.Id,
                Scope = scope,
                CredentialId = credentialId,
                Confirmation = confirmation,
                Lifetime = api.AccessTokenLifetime,
                Since = Math.Max(api.NamesSince, client.Credential.TokensSince),
            },
            api
        );
        return new IssuedToken(token, tokenId, api, api.AccessTokenLifetime, scope) { Confirmation = confirmation };
    }
}
