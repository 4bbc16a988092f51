using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A public key that verifies signatures of exactly one algorithm. The algorithm belongs to the key and never comes from a token, which
/// closes algorithm confusion (RFC 8725 §3.1). Safe to use from many threads; disposes the key it was given.
/// </summary>
public sealed class VerificationKey : IDisposable
{
    /// <summary>The longest <c>kid</c> we keep, in characters.</summary>
    public const int MaxKeyIdLength = 200;

    private const int P256SignatureBytes = 64;

    private readonly ECDsa? ecdsa;
    private readonly RSA? rsa;
    private readonly int signatureLength;

    /// <summary>An ES256 key.</summary>
    /// <param name="keyId">The <c>kid</c>, 1…200 characters.</param>
    /// <param name="key">A key on P-256; a private part is not used. The new object owns it.</param>
    /// <exception cref="ArgumentException">The id's length or the key's curve is another.</exception>
    public VerificationKey(string keyId, ECDsa key)
        : this(keyId, JwsAlgorithms.Es256)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!P256.IsCurve(key.ExportParameters(includePrivateParameters: false).Curve))
        {
            throw new ArgumentException("ES256 takes a key on P-256.", nameof(key));
        }

        ecdsa = key;
        signatureLength = P256SignatureBytes;
    }

    /// <summary>An RS256 key.</summary>
    /// <param name="keyId">The <c>kid</c>, 1…200 characters.</param>
    /// <param name="key">A key of 2048…8192 bits; a private part is not used. The new object owns it.</param>
    /// <exception cref="ArgumentException">The id's length or the key's size is another.</exception>
    public VerificationKey(string keyId, RSA key)
        : this(keyId, JwsAlgorithms.Rs256)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize is < RsaPolicy.MinBits or > RsaPolicy.MaxBits)
        {
            throw new ArgumentException("RS256 takes a key of 2048 to 8192 bits.", nameof(key));
        }

        rsa = key;
        signatureLength = (key.KeySize + 7) / 8;
    }

    private VerificationKey(string keyId, string algorithm)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyId.Length, MaxKeyIdLength, nameof(keyId));
        KeyId = keyId;
        Algorithm = algorithm;
    }

    /// <summary>The <c>kid</c> under which a key set holds this key: a dictionary key and nothing more.</summary>
    public string KeyId { get; }

    /// <summary>The one algorithm of this key, of <see cref="JwsAlgorithms"/>.</summary>
    public string Algorithm { get; }

    /// <summary>
    /// Takes a public JSON Web Key (RFC 7517) for verification. False unless all of this holds: <c>kid</c> a string of 1…200 characters;
    /// <c>use</c> absent or <c>sig</c>; <c>key_ops</c> absent or made of <c>verify</c> (and <c>sign</c>); <c>alg</c> absent or the one of the key
    /// type (EC: ES256, RSA: RS256); no private or symmetric member; EC: <c>crv</c> P-256 and a point on it; RSA: 2048…8192 bits, exponent
    /// 65537, not a product of the ROCA generator (CVE-2017-15361). Certificates and URLs in the key are not looked at.
    /// </summary>
    /// <param name="jwk">The key, from a document read by <see cref="StrictJson"/>, which refuses repeated members.</param>
    /// <param name="key">The key, to be disposed by the caller.</param>
    public static bool TryImport(JsonElement jwk, [NotNullWhen(true)] out VerificationKey? key) => JsonWebKeyImport.TryImport(jwk, out key);

    /// <summary>
    /// True when <paramref name="signature"/> is this key's over <paramref name="signingInput"/>. ES256 signatures have the fixed 64 bytes of
    /// RFC 7518 §3.4, never DER; RS256 signatures the length of the modulus.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != signatureLength)
        {
            return false;
        }

        return ecdsa is not null
            ? ecdsa.VerifyData(signingInput, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            : rsa!.VerifyData(signingInput, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>Releases the key.</summary>
    public void Dispose()
    {
        ecdsa?.Dispose();
        rsa?.Dispose();
    }
}
