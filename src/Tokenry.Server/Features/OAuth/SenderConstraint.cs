using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// The binding of a token. It is the key of the request's DPoP proof (RFC 9449 §5), else the TLS client certificate that authenticated the client. If the
/// client is configured for certificate-bound tokens, it is always the certificate (RFC 8705 §3). The server claims the proof last, when no other check can
/// refuse the request.
/// </summary>
public sealed class SenderConstraint(DpopProofs proofs, TokenryOptions options)
{
    /// <returns>The <c>cnf</c> of the token, and the proof to claim; both <c>null</c> if the client asks for no binding.</returns>
    /// <exception cref="OAuthError">400: the proof is not valid, or the client's tokens must be bound and the key or certificate is missing.</exception>
    public (TokenConfirmation? Confirmation, DpopProof? OnceOnly) Read(HttpContext context, Caller client, ClientCertificate? certificate)
    {
        var settings = client.Principal.Client;
        if (settings.CertificateBound && certificate is null)
        {
            throw OAuthError.InvalidRequest("this client's tokens are bound to its TLS client certificate: present it");
        }

        var proof = ReadProof(context, settings);
        var bindsCertificate = settings.CertificateBound || (proof is null && MutualTls.IsMethod(client.AuthMethod));
        var confirmation = new TokenConfirmation
        {
            KeyThumbprint = proof?.Thumbprint,
            CertificateThumbprint = bindsCertificate ? certificate!.Thumbprint : null,
        };
        return (proof is null && !bindsCertificate ? null : confirmation, proof);
    }

    private DpopProof? ReadProof(HttpContext context, ClientSettings client)
    {
        var headers = context.Request.Headers;
        if (!headers.ContainsKey("DPoP"))
        {
            return client.DpopBound ? throw OAuthError.InvalidRequest("this client's tokens are bound to a key: send a DPoP proof") : null;
        }

        var result = PresentedProof.DpopHeader(headers) is { } header
            ? proofs.Validate(header, new DpopRequest(context.Request.Method, PublicAddress.Of(context, options)))
            : null;
        return result is { IsValid: true }
            ? result.Proof
            : throw (result is { Fault: DpopFault.NonceNeeded } ? OAuthError.UseDpopNonce(proofs.Nonce) : OAuthError.InvalidDpopProof());
    }

    /// <exception cref="OAuthError">400: the proof was used before.</exception>
    public async ValueTask UseUpAsync(DpopProof? onceOnly)
    {
        if (onceOnly is not null && !await proofs.ClaimAsync(onceOnly))
        {
            throw OAuthError.InvalidDpopProof();
        }
    }
}
