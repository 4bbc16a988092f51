using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// Finds the owner of a subject token and whether this client may exchange it. Every failure gets the same answer (RFC 8693 §2.2.2); only the audit has the
/// reason.
/// </summary>
public sealed class SubjectTokens(Authenticator authenticator, FederatedIdentities federatedIdentities, TokenryOptions options)
{
    /// <summary>Validates our own JWT, an API key or a personal access token; or another issuer's token, which represents the client itself.</summary>
    public ValueTask<AuthenticationResult> AuthenticateAsync(SubjectToken subject, TokenRequest request)
    {
        var client = request.Client;
        return !TokenType.IsFederated(subject.Type) ? authenticator.AuthenticateAsync(subject.Text)
            // If the client used no other method, this token has just authenticated it.
            : client.AuthMethod == ClientAuthenticationMethod.FederatedIdentity && request.Form["client_assertion"] is null
                ? new(client.Credential)
            : federatedIdentities.AuthenticateAsync(client.Principal.Id, subject.Text);
    }

    /// <summary>The subject token as it acts in that organization, if it names several and this one is among them; otherwise unchanged.</summary>
    public ValueTask<Authenticated> InOrganizationAsync(Authenticated subject, string organizationId) =>
        authenticator.InOrganizationAsync(subject, organizationId);

    /// <returns><c>valid</c>, or the reason against it.</returns>
    public AuditReason Judge(AuthenticationResult result, SubjectToken subject, TokenRequest request, Catalog catalog) =>
        result is not Authenticated found ? result.Reason
        : !IsOfType(found, subject.Type) ? AuditReason.Of(VerificationCode.CredentialKindNotAccepted)
        : !AccessDecision.IsAddressAllowed(found, request.Client.Request.Address) ? AuditReason.Of(VerificationCode.IpNotAllowed)
        : !MayHold(found, request.Client, catalog) ? new AuditReason("subject_token_of_another")
        : found.Token?.MayAct?.Is(request.Client.Principal.Id, options.Issuer) == false ? new AuditReason("not_the_authorized_actor")
        : !IsProved(found, subject, request) ? AuditReason.Of(VerificationCode.ProofRequired)
        : AuditReason.Valid;

    /// <summary>An anonymous key has no subject, and a client secret is no token.</summary>
    private static bool IsOfType(Authenticated found, string type) =>
        type switch
        {
            TokenType.PersonalAccessToken or TokenType.LogtoPersonalAccessToken => found.Kind == CredentialKind.PersonalAccessToken,
            TokenType.ApiKey => found.Kind == CredentialKind.ApiKey,
            TokenType.AccessToken => found.Kind
                is CredentialKind.AccessToken
                    or CredentialKind.PersonalAccessToken
                    or CredentialKind.ApiKey,
            _ => found.Kind == CredentialKind.FederatedIdentity,
        };

    /// <summary>
    /// An access token is issued to one client for one API. Only this client and the API's resource servers may exchange it, not a client that obtained
    /// it otherwise (RFC 9700 §4.10.2). Owners may hand keys and personal access tokens to any client.
    /// </summary>
    private static bool MayHold(Authenticated found, Caller client, Catalog catalog) =>
        found.Token is not { } token
        || found.IsTokenForAny(catalog) && token.ClientId == client.Principal.Id
        || token.Audience.Any(audience =>
            catalog.Resource(audience) is { } api && found.IsTokenFor(api) && api.ResourceServers.Contains(client.Principal.Id)
        );

    /// <summary>
    /// A client must hold the key or certificate of a bound token to exchange it, and the result is bound to the same. An exchange thus cannot remove a
    /// binding. A credential that requires signed requests cannot be exchanged: a form carries it unsigned.
    /// </summary>
    private static bool IsProved(Authenticated found, SubjectToken subject, TokenRequest request) =>
        found.Token is null
            ? found.Stored is not { Terms.RequiresSignature: true }
            : found.Token.Confirmation is not { } bound
                || (
                    bound.IsUnderstood
                    && (
                        bound.KeyThumbprint is not { } key
                        || request.Proof is { } proof
                            && proof.Thumbprint == key
                            && proof.IsFor(subject.Text)
                            && request.Confirmation?.KeyThumbprint == key
                    )
                    && (bound.CertificateThumbprint is not { } certificate || request.Confirmation?.CertificateThumbprint == certificate)
                );
}
