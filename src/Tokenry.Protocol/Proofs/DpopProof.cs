using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>What a DPoP proof (RFC 9449 §4.2) proved, its signature and its request being right.</summary>
/// <param name="Thumbprint"><c>jkt</c>: the RFC 7638 thumbprint of the key that was proved, 43 characters.</param>
/// <param name="TokenId"><c>jti</c>, 1…256 characters.</param>
/// <param name="Uri">The <c>htu</c> in the normal form it was compared in.</param>
/// <param name="KeepUntil">From when on the same proof is refused for its age alone, so that it may be forgotten.</param>
public sealed record DpopProof(string Thumbprint, string TokenId, string Uri, DateTimeOffset KeepUntil)
{
    /// <summary><c>ath</c>: the hash of the access token it was made for, null when absent.</summary>
    public string? AccessTokenHash { get; init; }

    /// <summary>Whether it was made for that access token, where none had to be named beforehand.</summary>
    public bool IsFor(string accessToken) => AccessTokenHash == DpopProofValidator.HashOf(accessToken);

    /// <summary>
    /// SHA-256 by which a proof that comes twice is known again (RFC 9449 §11.1): of key, <c>jti</c> and <c>htu</c>, so that nobody can use up another's
    /// <c>jti</c>. To be claimed after all other checks: a proof that fails uses up nothing.
    /// </summary>
    public byte[] ReplayKey() => SHA256.HashData(Encoding.UTF8.GetBytes($"{Thumbprint}\n{Uri}\n{TokenId}"));
}

/// <summary>Why a proof does not prove what it should (RFC 9449 §4.3). For the audit; the client hears <c>invalid_dpop_proof</c>.</summary>
public enum DpopFault
{
    /// <summary>The proof is good.</summary>
    None,

    /// <summary>Not a compact JWS with a <c>jwk</c>, over 4 KiB, an algorithm we never take, or a header that may not be there.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is not <c>dpop+jwt</c>.</summary>
    WrongType,

    /// <summary>The key is private, weak, not for signatures, or of another algorithm than the header says.</summary>
    InvalidKey,

    /// <summary>The signature is not the key's.</summary>
    BadSignature,

    /// <summary>A required claim is missing, or a claim has the wrong type or length.</summary>
    InvalidClaims,

    /// <summary>The <c>htm</c> is another method.</summary>
    WrongMethod,

    /// <summary>The <c>htu</c> is another address.</summary>
    WrongUri,

    /// <summary>The <c>ath</c> is not the access token's, or missing beside one.</summary>
    WrongAccessToken,

    /// <summary>The key is not the one the access token is bound to.</summary>
    WrongKey,

    /// <summary>The <c>iat</c> lies too far back, or <c>exp</c> has come.</summary>
    Expired,

    /// <summary>The <c>iat</c> or <c>nbf</c> lies too far ahead.</summary>
    NotYetValid,

    /// <summary>The <c>nonce</c> is missing or not a good one: the client hears <c>use_dpop_nonce</c> (RFC 9449 §8).</summary>
    NonceNeeded,
}

/// <summary>The request that a proof must be for.</summary>
/// <param name="Method">Its method, compared byte for byte.</param>
/// <param name="Uri">Its address as clients know it, from the configured public address and not from what the request says of itself.</param>
public sealed record DpopRequest(string Method, Uri Uri)
{
    /// <summary>The access token beside the proof, whose hash must be in it; null at the token endpoint.</summary>
    public string? AccessToken { get; init; }

    /// <summary>The thumbprint (<c>cnf.jkt</c>) the access token is bound to, if there is one.</summary>
    public string? BoundTo { get; init; }

    /// <summary>Judges the <c>nonce</c>, null when absent; left out where none is asked for.</summary>
    public Func<string?, bool>? TakesNonce { get; init; }

    /// <summary>Method and address; a record would print the access token.</summary>
    public override string ToString() => $"{Method} {Uri}";
}

/// <summary>What <see cref="DpopProofValidator"/> found: a good proof, or one fault.</summary>
public sealed class DpopResult
{
    private DpopResult(DpopFault fault, DpopProof? proof) => (Fault, Proof) = (fault, proof);

    /// <summary>The first thing found wrong, or <see cref="DpopFault.None"/>.</summary>
    public DpopFault Fault { get; }

    /// <summary>The proof, when it is good.</summary>
    public DpopProof? Proof { get; }

    /// <summary>True when the proof is good, but for whether it was used before.</summary>
    [MemberNotNullWhen(true, nameof(Proof))]
    public bool IsValid => Proof is not null;

    internal static DpopResult Valid(DpopProof proof) => new(DpopFault.None, proof);

    internal static DpopResult Invalid(DpopFault fault) => new(fault, proof: null);
}
