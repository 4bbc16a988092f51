using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>The content of a DPoP proof (RFC 9449 §4.2) with a valid signature and the right request.</summary>
/// <param name="Thumbprint"><c>jkt</c>: the RFC 7638 thumbprint of the proved key, 43 characters.</param>
/// <param name="TokenId"><c>jti</c>, 1…256 characters.</param>
/// <param name="Uri">The <c>htu</c> in the normal form in which it was compared.</param>
/// <param name="KeepUntil">From this time on, the server refuses the proof because of its age and may forget it.</param>
public sealed record DpopProof(string Thumbprint, string TokenId, string Uri, DateTimeOffset KeepUntil)
{
    /// <summary><c>ath</c>: the hash of the access token; null if absent.</summary>
    public string? AccessTokenHash { get; init; }

    /// <summary>Whether it was made for that access token; for callers that did not name the token before.</summary>
    public bool IsFor(string accessToken) => AccessTokenHash == DpopProofValidator.HashOf(accessToken);

    /// <summary>
    /// The SHA-256 by which the server recognises a replayed proof (RFC 9449 §11.1). It covers key, <c>jti</c> and <c>htu</c>, so that a client cannot use up
    /// the <c>jti</c> of another. Claim it after all other checks, so that a failed proof uses up nothing.
    /// </summary>
    public byte[] ReplayKey() => SHA256.HashData(Encoding.UTF8.GetBytes($"{Thumbprint}\n{Uri}\n{TokenId}"));
}

/// <summary>Why a proof is not valid (RFC 9449 §4.3). For the audit; the client gets <c>invalid_dpop_proof</c>.</summary>
public enum DpopFault
{
    /// <summary>The proof is valid.</summary>
    None,

    /// <summary>Not a compact JWS with a <c>jwk</c>, over 4 KiB, an algorithm that Tokenry does not accept, or a forbidden header.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is not <c>dpop+jwt</c>.</summary>
    WrongType,

    /// <summary>The key is private, weak, not for signatures, or of another algorithm than the header names.</summary>
    InvalidKey,

    /// <summary>The signature does not verify with the key.</summary>
    BadSignature,

    /// <summary>A required claim is missing, or a claim has the wrong type or length.</summary>
    InvalidClaims,

    /// <summary>The <c>htm</c> is another method.</summary>
    WrongMethod,

    /// <summary>The <c>htu</c> is another URL.</summary>
    WrongUri,

    /// <summary>The <c>ath</c> is not the access token's, or is missing although there is an access token.</summary>
    WrongAccessToken,

    /// <summary>The key is not the one to which the access token is bound.</summary>
    WrongKey,

    /// <summary>The <c>iat</c> is too far in the past, or <c>exp</c> has passed.</summary>
    Expired,

    /// <summary>The <c>iat</c> or <c>nbf</c> is too far in the future.</summary>
    NotYetValid,

    /// <summary>The <c>nonce</c> is missing or not valid: the client gets <c>use_dpop_nonce</c> (RFC 9449 §8).</summary>
    NonceNeeded,
}

/// <summary>The request for which a proof must have been made.</summary>
/// <param name="Method">Its method, compared byte for byte.</param>
/// <param name="Uri">Its URL as clients know it, from the configured public address and not from the request's own headers.</param>
public sealed record DpopRequest(string Method, Uri Uri)
{
    /// <summary>The access token that came with the proof, whose hash the proof must contain; null at the token endpoint.</summary>
    public string? AccessToken { get; init; }

    /// <summary>The thumbprint (<c>cnf.jkt</c>) to which the access token is bound, if any.</summary>
    public string? BoundTo { get; init; }

    /// <summary>Checks the <c>nonce</c>, which is null if absent. Leave it null if no nonce is required.</summary>
    public Func<string?, bool>? TakesNonce { get; init; }

    /// <summary>Method and URL; a record would print the access token.</summary>
    public override string ToString() => $"{Method} {Uri}";
}

/// <summary>The result of <see cref="DpopProofValidator"/>: a valid proof, or one fault.</summary>
public sealed class DpopResult
{
    private DpopResult(DpopFault fault, DpopProof? proof) => (Fault, Proof) = (fault, proof);

    /// <summary>The first fault, or <see cref="DpopFault.None"/>.</summary>
    public DpopFault Fault { get; }

    /// <summary>The proof, if it is valid.</summary>
    public DpopProof? Proof { get; }

    /// <summary>True if the proof is valid. It may have been used before.</summary>
    [MemberNotNullWhen(true, nameof(Proof))]
    public bool IsValid => Proof is not null;

    internal static DpopResult Valid(DpopProof proof) => new(DpopFault.None, proof);

    internal static DpopResult Invalid(DpopFault fault) => new(fault, proof: null);
}
