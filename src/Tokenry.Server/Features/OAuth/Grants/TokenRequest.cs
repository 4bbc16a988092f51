using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>What a grant is asked for.</summary>
/// <param name="Client">The client that authenticated.</param>
/// <param name="Form">The parameters.</param>
/// <param name="Confirmation">What the token is to be bound to; <c>null</c> = nothing.</param>
public sealed record TokenRequest(Caller Client, FormParameters Form, TokenConfirmation? Confirmation)
{
    /// <summary>The proof behind it, where it is a key's.</summary>
    public DpopProof? Proof { get; init; }
}
