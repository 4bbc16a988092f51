namespace Tokenry.Protocol.Jose;

/// <summary>
/// The accepted signature algorithms (RFC 7518 §3.1), and those of them that sign access tokens. Every other algorithm is refused, above all <c>none</c>.
/// </summary>
public static class JwsAlgorithms
{
    /// <summary>ECDSA on P-256 with SHA-256; the signature is R and S of 32 bytes each (RFC 7518 §3.4).</summary>
    public const string Es256 = "ES256";

    /// <summary>ECDSA on P-384 with SHA-384; the signature is R and S of 48 bytes each (RFC 7518 §3.4).</summary>
    public const string Es384 = "ES384";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).</summary>
    public const string Rs256 = "RS256";

    /// <summary>RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7518 §3.5).</summary>
    public const string Ps256 = "PS256";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Es256, Es384, Rs256, Ps256];

    /// <summary>True for an accepted algorithm; case-sensitive (RFC 7515 §4.1.1).</summary>
    public static bool IsKnown(string? algorithm) => algorithm is Es256 or Es384 or Rs256 or Ps256;

    /// <summary>True for an algorithm that may sign access tokens.</summary>
    public static bool Signs(string? algorithm) => algorithm is Es256 or Rs256;
}
