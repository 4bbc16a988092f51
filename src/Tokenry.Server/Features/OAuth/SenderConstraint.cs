using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// What a token shall be bound to: the key whose proof came with the request for it (RFC 9449 §5). Used up last, when nothing else can refuse the
/// request.
/// </summary>
public sealed class SenderConstraint(DpopProofs proofs, TokenryOptions options)
{
    /// <returns>What the token is to say in <c>cnf</c>, and the proof to use up; both <c>null</c> where the client asks for no binding.</returns>
    /// <exception cref="OAuthError">400: the proof is not good, or the client's tokens must be bound and it sent none.</exception>
    public (TokenConfirmation? Confirmation, DpopProof? OnceOnly) Read(HttpContext context, ClientSettings client)
    {
        var headers = context.Request.Headers;
        if (!headers.ContainsKey("DPoP"))
        {
            return client.DpopBound
                ? throw OAuthError.InvalidRequest("this client's tokens are bound to a key: send a DPoP proof")
                : default;
        }

        var result = PresentedProof.DpopHeader(headers) is { } header
            ? proofs.Validate(header, new DpopRequest(context.Request.Method, PublicAddress.Of(context, options)))
            : null;
        if (result is not { IsValid: true })
        {
            throw result is { Fault: DpopFault.NonceNeeded } ? OAuthError.UseDpopNonce(proofs.Nonce) : OAuthError.InvalidDpopProof();
        }

        return (new TokenConfirmation { KeyThumbprint = result.Proof.Thumbprint }, result.Proof);
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
