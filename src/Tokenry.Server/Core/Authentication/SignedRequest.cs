using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Core.Authentication;

/// <summary>A request with a signature for this server (RFC 9421), not yet verified. A class, because a record would print the signature.</summary>
/// <param name="message">The request as its signature sees it.</param>
/// <param name="signature">The signature; <c>null</c> if it cannot be valid with any key.</param>
public sealed class SignedRequest(HttpMessage message, MessageSignature? signature)
{
    public HttpMessage Message => message;

    public MessageSignature? Signature => signature;
}
