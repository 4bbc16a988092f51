using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// Whose a subject token is, and whether this client may exchange it at all. Every way to fail has one answer (RFC 8693 §2.2.2); the reason is for
/// the audit.
/// </summary>
public sealed class SubjectTokens(Authenticator authenticator, FederatedIdentities federatedIdentities, TokenryOptions options)
{
    /// <summary>Our own JWT, an API key or a personal access token; or another issuer's, which stands for the client itself.</summary>
    public ValueTask<AuthenticationResult> AuthenticateAsync(SubjectToken subject, TokenRequest request)
    {
        var client = request.Client;
        return !TokenType.IsFederated(subject.Type) ? authenticator.AuthenticateAsync(subject.Text)
            // It authenticated the client a moment ago, if nothing else did.
            : client.AuthMethod == ClientAuthenticationMethod.FederatedIdentity && request.Form["client_assertion"] is null
                ? new(client.Credential)
            : federatedIdentities.AuthenticateAsync(client.Principal.Id, subject.Text);
    }

    /// <returns><c>valid</c>, or the reason against it.</returns>
    public AuditReason Judge(AuthenticationResult result, SubjectToken subject, TokenRequest request, Catalog catalog) =>
        result is not Authenticated found ? result.Reason
        : !IsOfType(found, subject.Type) ? AuditReason.Of(VerificationCode.CredentialKindNotAccepted)
        : !AccessDecision.IsAddressAllowed(found, request.Client.Request.Address) ? AuditReason.Of(VerificationCode.IpNotAllowed)
        : !MayHold(found, request.Client, catalog) ? new AuditReason("subject_token_of_another")
        : found.Token?.MayAct?.Is(request.Client.Principal.Id, options.Issuer) == false ? new AuditReason("not_the_authorized_actor")
        : !IsProved(found, subject, request) ? AuditReason.Of(VerificationCode.ProofRequired)
        : AuditReason.Valid;

    /// <summary>An anonymous key stands for nobody, a client secret is no token.</summary>
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
    /// An access token was made for one client and one API: those two may exchange it, and nobody who came by it otherwise (RFC 9700 §4.10.2). Keys and
    /// personal access tokens are handed to whom their owners choose.
    /// </summary>
    private static bool MayHold(Authenticated found, Caller client, Catalog catalog) =>
        found.Token is not { } token
        || found.IsTokenForAny(catalog) && token.ClientId == client.Principal.Id
        || token.Audience.Any(audience =>
            catalog.Resource(audience) is { } api && found.IsTokenFor(api) && api.ResourceServers.Contains(client.Principal.Id)
        );

    /// <summary>
    /// What is bound is exchanged by whoever holds what it is bound to, for what is bound to the same: an exchange is no way out of it. What is presented by signed
    /// requests alone is not exchanged at all: a form carries it bare.
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
