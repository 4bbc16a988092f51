using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>What a grant receives: the request as far as the endpoint has checked it.</summary>
/// <param name="Client">The client that authenticated.</param>
/// <param name="Form">The parameters.</param>
/// <param name="Confirmation">What the token is to be bound to; <c>null</c> = nothing.</param>
public sealed record TokenRequest(Caller Client, FormParameters Form, TokenConfirmation? Confirmation)
{
    /// <summary>The proof behind it, where it is a key's.</summary>
    public DpopProof? Proof { get; init; }

    /// <summary>The TLS client certificate of the request, whether the token is bound to it or not.</summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>What a token for that API is to be bound to: an API that takes nothing weaker has it bound to whatever is there.</summary>
    /// <exception cref="OAuthError">400: the API takes bound tokens only and there is nothing to bind to.</exception>
    public TokenConfirmation? ConfirmationFor(ApiResourceFacts api) =>
        Confirmation is not null || api.MinimumStrength == Strength.Bearer ? Confirmation
        : Certificate is { } certificate ? new TokenConfirmation { CertificateThumbprint = certificate.Thumbprint }
        : throw OAuthError.InvalidTarget("this resource takes bound tokens only: send a DPoP proof or present a TLS client certificate");
}
