using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// Authenticates the client of a form endpoint (RFC 6749 §2.3): exactly one method, and one answer for every way to fail. Metadata
/// advertises <see cref="MethodsOf"/>, which is what is accepted here.
/// </summary>
public sealed class ClientAuthenticator(
    OpaqueCredentialScheme opaque,
    PrivateKeyJwt privateKeyJwt,
    MutualTls mutualTls,
    FederatedIdentities federatedIdentities,
    PublicClient publicClient,
    UseRecorder recorder,
    FailureThrottle throttle
)
{
    /// <summary>By which a client proves itself, best first; certificates where the server can see any.</summary>
    public static IEnumerable<string> MethodsOf(TokenryOptions options) =>
        ClientAuthenticationMethod.All.Where(method =>
            method is not (ClientAuthenticationMethod.FederatedIdentity or ClientAuthenticationMethod.None)
            && (options.Tls.SeesCertificates || !MutualTls.IsMethod(method))
        );

    /// <summary>The client as a caller without management rights; its principal is the application.</summary>
    /// <param name="context">The request.</param>
    /// <param name="form">Its parameters.</param>
    /// <param name="takesPublic">Whether a public client may ask.</param>
    /// <param name="takesGrants">Whether it is the token endpoint: there alone a subject token may be what authenticates the client.</param>
    /// <exception cref="OAuthError">400 for two methods at once, 401 for everything else.</exception>
    public async ValueTask<Caller> AuthenticateAsync(
        HttpContext context,
        FormParameters form,
        bool takesPublic = false,
        bool takesGrants = false
    )
    {
        var request = RequestFacts.Of(context);
        var certificate = ClientCertificate.Of(context);
        var presented = Read(context.Request.Headers, form, certificate, takesPublic, takesGrants);
        var (proved, onceOnly) = await ProveAsync(presented, certificate);
        presented = presented with { Method = MutualTls.MethodOf(presented, proved) };
        var reason = Judge(presented, proved, request);
        // Last of all, so that an attempt that fails uses nothing up.
        if (reason == AuditReason.Valid && onceOnly is not null && !await privateKeyJwt.ClaimAsync(onceOnly))
        {
            reason = AuditReason.Of(VerificationCode.ProofReplayed);
        }

        if (reason == AuditReason.Valid && proved is Authenticated client)
        {
            recorder.Used(client, UseCircumstances.Of(request));
            return new Caller
            {
                Credential = client,
                Principal = client.Owner,
                Management = ScopeSet.Empty,
                Request = request,
                AuthMethod = presented.Method,
            };
        }

        recorder.Decided(
            new Use
            {
                Door = DoorNames.ClientAuthentication,
                Result = reason,
                Credential = proved,
                From = UseCircumstances.Of(request),
                Method = request.Method,
                Path = request.Path,
            }
        );
        throw throttle.IsTooMany(presented.ClientId ?? "", request.Address) ? OAuthError.TooManyFailures()
        // RFC 8693 §2.2.2: of a subject token it is the request that is wrong.
        : presented.IsSubjectToken || proved.Kind == CredentialKind.ApiKey && presented.Method == ClientAuthenticationMethod.None
            ? OAuthError.SubjectTokenNotAcceptable()
        : OAuthError.InvalidClient(Hint(proved));
    }

    /// <summary>What helps the holder of the right secret or key; no other sender is told it.</summary>
    private static string? Hint(AuthenticationResult proved) =>
        (proved as AuthenticationFailure)?.Hint
        ?? (proved.Code == VerificationCode.Expired ? "the credential has expired: renew it, or use the one that follows it" : null);

    private async ValueTask<(AuthenticationResult Proved, ClientAssertion? OnceOnly)> ProveAsync(
        PresentedClient presented,
        ClientCertificate? certificate
    ) =>
        presented switch
        {
            { Method: ClientAuthenticationMethod.TlsClientAuth, ClientId: { } id } => (
                await mutualTls.AuthenticateAsync(id, certificate!),
                null
            ),
            { Method: ClientAuthenticationMethod.PrivateKeyJwt } => await privateKeyJwt.AuthenticateAsync(presented),
            { Method: ClientAuthenticationMethod.FederatedIdentity } => (
                await federatedIdentities.AuthenticateAsync(presented.ClientId!, presented.Proof!),
                null
            ),
            { Method: ClientAuthenticationMethod.None } => (await publicClient.AuthenticateAsync(presented), null),
            { ClientId: not null, Proof: { } secret } => (await opaque.AuthenticateAsync(secret), null),
            _ => (NotRequested.Instance, null),
        };

    /// <summary>What is good in itself may be of another kind or client, come in another way or from another address than it should.</summary>
    private static AuditReason Judge(PresentedClient presented, AuthenticationResult result, RequestFacts request) =>
        result is not Authenticated proved ? result.Reason
        : presented.Method != ClientAuthenticationMethod.None && !CredentialKind.IsClientAuthentication(proved.Kind)
            ? AuditReason.Of(VerificationCode.CredentialKindNotAccepted)
        : presented.ClientId is { } claimed && proved.OwnerId != claimed ? AuditReason.Of(VerificationCode.Unknown)
        : !proved.Owner.Client.Takes(presented.Method!) ? PublicClient.MethodNotAllowed
        : !AccessDecision.IsAddressAllowed(proved, request.Address) ? AuditReason.Of(VerificationCode.IpNotAllowed)
        : AuditReason.Valid;

    private static PresentedClient Read(
        IHeaderDictionary headers,
        FormParameters form,
        ClientCertificate? certificate,
        bool takesPublic,
        bool takesGrants
    )
    {
        var carrier = Carrier.Of(headers);
        if (carrier.IsAmbiguous)
        {
            throw OAuthError.InvalidRequest("two credentials in one request");
        }

        var basic = ClientSecretBasic.Read(headers);
        var post = ClientSecretPost.Read(form);
        var assertion = PrivateKeyJwt.Read(form);
        // Another scheme in the header is a second credential as well, whatever it would be good for.
        if ((carrier.Presented is not null ? 1 : 0) + (post.IsRequested ? 1 : 0) + (assertion.IsRequested ? 1 : 0) > 1)
        {
            throw OAuthError.InvalidRequest("more than one way of client authentication");
        }

        if (basic is { ClientId: { } id } && form["client_id"] is { } inBody && inBody != id)
        {
            throw OAuthError.InvalidRequest("client_id differs from the authenticated client");
        }

        // A certificate beside another way binds the token and proves nothing about the client.
        return basic.IsRequested ? basic
            : assertion.IsRequested ? FederatedIdentities.OfAssertion(assertion)
            : post.IsRequested || carrier.Presented is not null ? post
            : ReadUnproved(form, certificate, takesPublic, takesGrants);
    }

    /// <summary>What is left to a request that brings no credential of its own: another issuer's word, a certificate, nothing.</summary>
    private static PresentedClient ReadUnproved(FormParameters form, ClientCertificate? certificate, bool takesPublic, bool takesGrants)
    {
        var exchanges = takesGrants && form["grant_type"] == TokenExchange.Name;
        var subject = exchanges ? FederatedIdentities.OfSubjectToken(form) : default;
        return subject.IsRequested ? subject
            : certificate is not null ? MutualTls.Read(form)
            : takesPublic ? PublicClient.Read(form, exchanges)
            : default;
    }
}
