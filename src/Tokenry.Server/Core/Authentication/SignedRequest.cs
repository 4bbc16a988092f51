using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Core.Authentication;

/// <summary>A request that has a signature for us (RFC 9421), not yet believed. A class and not a record: a record would print the signature.</summary>
/// <param name="message">The request as its signature sees it.</param>
/// <param name="signature">The signature; <c>null</c> where it is none that could be good, whatever its key.</param>
public sealed class SignedRequest(HttpMessage message, MessageSignature? signature)
{
    public HttpMessage Message => message;

    public MessageSignature? Signature => signature;
}
