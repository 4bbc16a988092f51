namespace Tokenry.Protocol.Jose;

/// <summary>The signature algorithms we take and make (RFC 7518 §3.1). Whatever is not listed, <c>none</c> first of all, is refused.</summary>
public static class JwsAlgorithms
{
    /// <summary>ECDSA on P-256 with SHA-256; the signature is R and S of 32 bytes each (RFC 7518 §3.4).</summary>
    public const string Es256 = "ES256";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).</summary>
    public const string Rs256 = "RS256";

    /// <summary>True for an algorithm of this list; case-sensitive, as RFC 7515 §4.1.1 says.</summary>
    public static bool IsKnown(string? algorithm) => algorithm is Es256 or Rs256;
}
