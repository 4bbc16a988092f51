using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Server.Core.Authentication;

/// <summary>What a <c>WWW-Authenticate</c> line says of the scheme <c>DPoP</c> (RFC 9449 §7.1).</summary>
public static class DpopChallenge
{
    /// <summary>That it is taken, and with which algorithms.</summary>
    public static readonly string Offer = $"DPoP algs=\"{string.Join(' ', DpopProofValidator.Algorithms)}\"";

    public static string Failed(in Possession possession) =>
        possession.NeedsNonce ? With("use_dpop_nonce")
        : possession.Code is VerificationCode.ProofInvalid or VerificationCode.ProofReplayed ? With("invalid_dpop_proof")
        : With("invalid_token");

    /// <summary>That a token was refused for what it is, not for its proof.</summary>
    public static string With(string error) => $"{Offer}, error=\"{error}\"";
}
