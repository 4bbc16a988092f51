using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>
/// A key of exactly one algorithm that signs or verifies requests (RFC 9421 §3.3): a shared secret, or an elliptic curve key. Immutable and thread-safe. It
/// does not own the key object it was created from: dispose that after it.
/// </summary>
public sealed class RequestSigningKey
{
    /// <summary>HMAC with SHA-256 (§3.3.3).</summary>
    public const string HmacSha256 = "hmac-sha256";

    /// <summary>ECDSA on P-256 with SHA-256 (§3.3.4); the signature is R and S of 32 bytes each.</summary>
    public const string EcdsaP256Sha256 = "ecdsa-p256-sha256";

    /// <summary>The fewest bytes of a shared secret: the length of its hash.</summary>
    public const int MinSecretBytes = 32;

    private const int SignatureBytes = 64;

    private readonly byte[]? secret;
    private readonly ECDsa? ecdsa;
    private readonly VerificationKey? registered;

    /// <summary>A shared secret.</summary>
    /// <param name="secret">At least 32 bytes; copied.</param>
    /// <exception cref="ArgumentException">The secret is shorter.</exception>
    public RequestSigningKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length < MinSecretBytes)
        {
            throw new ArgumentException("The secret must have at least 32 bytes.", nameof(secret));
        }

        this.secret = secret.ToArray();
        Algorithm = HmacSha256;
    }

    /// <summary>A key on P-256.</summary>
    /// <param name="key">The key; it can sign if it has its private part.</param>
    /// <exception cref="ArgumentException">The key is on another curve.</exception>
    public RequestSigningKey(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (NistCurve.Of(key.ExportParameters(includePrivateParameters: false).Curve) != NistCurve.P256)
        {
            throw new ArgumentException("The key must be on P-256.", nameof(key));
        }

        ecdsa = key;
        Algorithm = EcdsaP256Sha256;
    }

    /// <summary>A registered public key, which can only verify. With another algorithm than ES256 it verifies nothing.</summary>
    /// <param name="key">The key.</param>
    public RequestSigningKey(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        registered = key;
        Algorithm = key.Algorithm == JwsAlgorithms.Es256 ? EcdsaP256Sha256 : null;
    }

    /// <summary>Its algorithm, named as in RFC 9421 §6.2.2; null for a registered key with an algorithm that is not accepted here.</summary>
    public string? Algorithm { get; }

    /// <summary>True for an accepted algorithm; case-sensitive.</summary>
    public static bool Takes(string algorithm) => algorithm is HmacSha256 or EcdsaP256Sha256;

    /// <summary>
    /// A derived shared secret, so that the server need not store it: HKDF-SHA256 (RFC 5869) with its name as salt and <c>tokenry/9421/v1</c> as info.
    /// </summary>
    /// <param name="root">The server's root key, at least 32 bytes.</param>
    /// <param name="name">Identifies the secret among all secrets of this root: a credential's public id, and which of its secrets.</param>
    /// <exception cref="ArgumentException">The root is shorter, or the name is empty.</exception>
    public static RequestSigningKey Derive(ReadOnlySpan<byte> root, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (root.Length < MinSecretBytes)
        {
            throw new ArgumentException("The secret must have at least 32 bytes.", nameof(root));
        }

        Span<byte> derived = stackalloc byte[MinSecretBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, root, derived, Encoding.UTF8.GetBytes(name), "tokenry/9421/v1"u8);
        var key = new RequestSigningKey(derived);
        CryptographicOperations.ZeroMemory(derived);
        return key;
    }

    /// <summary>Reads a shared secret that <see cref="ToSecret"/> wrote. False if it is not base64url of at least 32 bytes.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out RequestSigningKey? key)
    {
        key = StrictBase64Url.TryDecode(text, out var bytes) && bytes.Length >= MinSecretBytes ? new RequestSigningKey(bytes) : null;
        return key is not null;
    }

    /// <summary>The shared secret in base64url, for the client.</summary>
    /// <exception cref="InvalidOperationException">The key is not a shared secret.</exception>
    public Secret ToSecret() =>
        new(StrictBase64Url.Encode(secret ?? throw new InvalidOperationException("The key is not a shared secret.")));

    /// <summary>Signs <paramref name="signatureBase"/>.</summary>
    /// <exception cref="InvalidOperationException">The key is a registered one, which has no private part.</exception>
    /// <exception cref="CryptographicException">The key has no private part.</exception>
    public byte[] Sign(ReadOnlySpan<byte> signatureBase) =>
        secret is not null ? HMACSHA256.HashData(secret, signatureBase)
        : ecdsa is not null ? ecdsa.SignData(signatureBase, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
        : throw new InvalidOperationException("A registered key can only verify.");

    /// <summary>
    /// True if <paramref name="signature"/> is this key's signature over <paramref name="signatureBase"/>. Shared secrets compare in constant time.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> signatureBase, ReadOnlySpan<byte> signature)
    {
        if (secret is not null)
        {
            Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(secret, signatureBase, expected);
            return CryptographicOperations.FixedTimeEquals(expected, signature);
        }

        return ecdsa is not null
            ? signature.Length == SignatureBytes
                && ecdsa.VerifyData(signatureBase, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            : Algorithm is not null && registered!.Verify(signatureBase, signature);
    }
}
