using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// <c>client_credentials</c> (RFC 6749 §4.4) for one API resource (RFC 8707), limited to what the application may do now: everywhere, or in the organization
/// that the request names.
/// </summary>
public sealed class ClientCredentials(CatalogCache catalogs, PrincipalCache principals, AccessTokenWriter writer) : IGrant
{
    /// <summary>The parameter that names an organization.</summary>
    public const string OrganizationId = "organization_id";

    public string Name => "client_credentials";

    public IReadOnlyList<RouteMember> Parameters { get; } =
    [
        new(
            OrganizationId,
            "An organization in which the client is a member: the token acts there, with the roles that the client has there."
        ),
    ];

    public async ValueTask<IssuedToken> RunAsync(TokenRequest request)
    {
        var (client, form, _) = request;
        // A public client did not authenticate, so it must not use this grant (RFC 6749 §4.4).
        var credentialId = client.CredentialId ?? throw OAuthError.UnauthorizedClient();
        var catalog = await catalogs.GetAsync();
        var subject = await SubjectAsync(client, form);
        var api = TokenTarget.Find(catalog, form, api => !Rights.Of(catalog, subject, api).IsEmpty);
        var allowed = api.Usable(Rights.Of(catalog, subject, api), CredentialKind.AccessToken);
        TokenTarget.Check(api, allowed);
        var confirmation = request.ConfirmationFor(api);
        var scope = TokenTarget.Scope(form, api, allowed);
        var (token, tokenId) = AccessTokenGrant.Sign(
            writer,
            new AccessTokenClaims
            {
                Audience = api.Identifier,
                Subject = subject.Id,
                ClientId = subject.Id,
                OrganizationId = subject.ActsIn,
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

    /// <summary>The client as it acts in the organization that the request names. A client that already acts in one acts in no other.</summary>
    /// <exception cref="OAuthError">400: the client cannot act there, or there is no such organization.</exception>
    private async ValueTask<PrincipalFacts> SubjectAsync(Caller client, FormParameters form)
    {
        if (form[OrganizationId] is not { } asked || asked == client.OrganizationId)
        {
            return client.Principal;
        }

        return
            client.OrganizationId is null
            && PublicId.IsWellFormed(asked, "org")
            && await principals.GetAsync(client.Principal.Id, asked) is { Active: true } there
            ? there
            : throw OAuthError.InvalidRequest("organization_id is not an organization in which the client is a member");
    }
}
