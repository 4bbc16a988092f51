using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A public key that verifies signatures of exactly one algorithm. The algorithm belongs to the key and never comes from a token, which prevents algorithm
/// confusion (RFC 8725 §3.1). Thread-safe. It owns and disposes its key.
/// </summary>
public sealed class VerificationKey : IDisposable
{
    /// <summary>The longest accepted <c>kid</c>, in characters.</summary>
    public const int MaxKeyIdLength = 200;

    private readonly ECDsa? ecdsa;
    private readonly RSA? rsa;
    private readonly HashAlgorithmName hash;
    private readonly int signatureLength;

    /// <summary>A key with the algorithm of its curve: ES256 on P-256, ES384 on P-384.</summary>
    /// <param name="keyId">The <c>kid</c>, 1…200 characters.</param>
    /// <param name="key">A key on one of these curves; its private part is not used. The new object owns it.</param>
    /// <exception cref="ArgumentException">The id has another length, or the key is on another curve.</exception>
    public VerificationKey(string keyId, ECDsa key)
        : this(keyId, CurveOf(key))
    {
        ecdsa = key;
    }

    /// <summary>An RSA key of one algorithm.</summary>
    /// <param name="keyId">The <c>kid</c>, 1…200 characters.</param>
    /// <param name="key">A key of 2048…8192 bits; a private part is not used. The new object owns it.</param>
    /// <param name="algorithm">RS256 or PS256.</param>
    /// <exception cref="ArgumentException">The id has another length, the key another size, or the algorithm is another.</exception>
    public VerificationKey(string keyId, RSA key, string algorithm = JwsAlgorithms.Rs256)
        : this(keyId, algorithm, HashAlgorithmName.SHA256)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.KeySize is < RsaPolicy.MinBits or > RsaPolicy.MaxBits)
        {
            throw new ArgumentException("The RSA key must have 2048 to 8192 bits.", nameof(key));
        }

        if (algorithm is not (JwsAlgorithms.Rs256 or JwsAlgorithms.Ps256))
        {
            throw new ArgumentException("The algorithm must be RS256 or PS256.", nameof(algorithm));
        }

        rsa = key;
        signatureLength = (key.KeySize + 7) / 8;
    }

    private VerificationKey(string keyId, NistCurve curve)
        : this(keyId, curve.Algorithm, curve.Hash)
    {
        signatureLength = curve.SignatureBytes;
    }

    private VerificationKey(string keyId, string algorithm, HashAlgorithmName hash)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyId.Length, MaxKeyIdLength, nameof(keyId));
        KeyId = keyId;
        Algorithm = algorithm;
        this.hash = hash;
    }

    /// <summary>The <c>kid</c> under which a key set has this key; only a dictionary key.</summary>
    public string KeyId { get; }

    /// <summary>The algorithm of this key, one of <see cref="JwsAlgorithms"/>.</summary>
    public string Algorithm { get; }

    /// <summary>
    /// Imports a public JSON Web Key (RFC 7517) for verification. It must fulfil all of these. <c>kid</c>: a string of 1…200 characters. <c>use</c>: absent or
    /// <c>sig</c>. <c>key_ops</c>: absent, or only <c>verify</c> and <c>sign</c>. <c>alg</c>: absent, or one of the key type (P-256: ES256; P-384: ES384; RSA:
    /// RS256, the default, or PS256). No private or symmetric member. EC: <c>crv</c> P-256 or P-384 and a point on it. RSA: 2048…8192 bits, exponent 65537, not
    /// a product of the ROCA generator (CVE-2017-15361). Certificates and URLs in the key are ignored.
    /// </summary>
    /// <param name="jwk">The key, from a document read by <see cref="StrictJson"/>, which refuses repeated members.</param>
    /// <param name="key">The key; the caller disposes it.</param>
    public static bool TryImport(JsonElement jwk, [NotNullWhen(true)] out VerificationKey? key) => JsonWebKeyImport.TryImport(jwk, out key);

    /// <summary>Like the other overload, for a key without a <c>kid</c>, or with another id than its own.</summary>
    /// <param name="jwk">The key.</param>
    /// <param name="keyId">Its id from now on, 1…200 characters; <c>null</c> = its own <c>kid</c>, or else its thumbprint.</param>
    /// <param name="algorithm">The algorithm of its use, which the key must not contradict; <c>null</c> = the key itself or its type determines it.</param>
    /// <param name="key">The key; the caller disposes it.</param>
    public static bool TryImport(JsonElement jwk, string? keyId, string? algorithm, [NotNullWhen(true)] out VerificationKey? key)
    {
        key = null;
        if (jwk.ValueKind != JsonValueKind.Object || (algorithm is not null && !JwsAlgorithms.IsKnown(algorithm)))
        {
            return false;
        }

        if (keyId is null)
        {
            if (jwk.TryGetProperty("kid", out _))
            {
                return JsonMember.TryGetText(jwk, "kid", out keyId)
                    && keyId.Length <= MaxKeyIdLength
                    && JsonWebKeyImport.TryImport(jwk, keyId, algorithm, out key);
            }

            if (!JsonWebKeyImport.TryImport(jwk, "unnamed", algorithm, out var unnamed))
            {
                return false;
            }

            using (unnamed)
            {
                keyId = unnamed.Thumbprint();
            }
        }

        return JsonWebKeyImport.TryImport(jwk, keyId, algorithm, out key);
    }

    /// <summary>True for a private or symmetric JSON Web Key, which its sender must not disclose (RFC 7518 §6.2.2, §6.3.2, §6.4).</summary>
    public static bool HoldsSecret(JsonElement jwk) => jwk.ValueKind == JsonValueKind.Object && JsonWebKeyImport.HoldsSecret(jwk);

    /// <summary>Writes the key as <see cref="JsonWebKey"/> does, with its own id and algorithm.</summary>
    public void WritePublic(Utf8JsonWriter writer)
    {
        if (ecdsa is not null)
        {
            JsonWebKey.WritePublic(writer, KeyId, Algorithm, ecdsa);
        }
        else
        {
            JsonWebKey.WritePublic(writer, KeyId, Algorithm, rsa!);
        }
    }

    /// <summary>
    /// True if <paramref name="signature"/> is this key's signature over <paramref name="signingInput"/>. ES256 signatures have the fixed 64 bytes of RFC 7518
    /// §3.4, ES384 signatures 96, never DER. RSA signatures have the length of the modulus.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != signatureLength)
        {
            return false;
        }

        return ecdsa is not null
            ? ecdsa.VerifyData(signingInput, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            : rsa!.VerifyData(
                signingInput,
                signature,
                hash,
                Algorithm == JwsAlgorithms.Ps256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1
            );
    }

    /// <summary>The key's RFC 7638 thumbprint in base64url, 43 characters.</summary>
    public string Thumbprint() =>
        ecdsa is not null
            ? JsonWebKey.Thumbprint(ecdsa.ExportParameters(includePrivateParameters: false))
            : JsonWebKey.Thumbprint(rsa!.ExportParameters(includePrivateParameters: false));

    private static NistCurve CurveOf(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return NistCurve.Of(key.ExportParameters(includePrivateParameters: false).Curve)
            ?? throw new ArgumentException("The key must be on P-256 or P-384.", nameof(key));
    }

    /// <summary>Releases the key.</summary>
    public void Dispose()
    {
        ecdsa?.Dispose();
        rsa?.Dispose();
    }
}
