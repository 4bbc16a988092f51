using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>The input of a grant: the request as far as the endpoint has checked it.</summary>
/// <param name="Client">The client that authenticated.</param>
/// <param name="Form">The parameters.</param>
/// <param name="Confirmation">The key or certificate that the token will be bound to; <c>null</c> = none.</param>
public sealed record TokenRequest(Caller Client, FormParameters Form, TokenConfirmation? Confirmation)
{
    /// <summary>The DPoP proof, if the token will be bound to a key.</summary>
    public DpopProof? Proof { get; init; }

    /// <summary>The TLS client certificate of the request, whether the token is bound to it or not.</summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>
    /// The binding of a token for that API. If the API accepts only bound tokens and the request has no binding, the token is bound to the request's
    /// certificate.
    /// </summary>
    /// <exception cref="OAuthError">400: the API accepts only bound tokens and the request offers no key or certificate.</exception>
    public TokenConfirmation? ConfirmationFor(ApiResourceFacts api) =>
        Confirmation is not null || api.MinimumStrength == Strength.Bearer ? Confirmation
        : Certificate is { } certificate ? new TokenConfirmation { CertificateThumbprint = certificate.Thumbprint }
        : throw OAuthError.InvalidTarget("this resource takes bound tokens only: send a DPoP proof or present a TLS client certificate");
}
