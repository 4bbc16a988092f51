using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>
/// A key of exactly one algorithm that signs requests or verifies them (RFC 9421 §3.3): a shared secret, or an elliptic curve key. Immutable; safe to
/// use from many threads. It does not own what it was made of: dispose that after it.
/// </summary>
public sealed class RequestSigningKey
{
    /// <summary>HMAC with SHA-256 (§3.3.3).</summary>
    public const string HmacSha256 = "hmac-sha256";

    /// <summary>ECDSA on P-256 with SHA-256 (§3.3.4); the signature is R and S of 32 bytes each.</summary>
    public const string EcdsaP256Sha256 = "ecdsa-p256-sha256";

    /// <summary>The fewest bytes of a shared secret: as many as its hash has.</summary>
    public const int MinSecretBytes = 32;

    private const int SignatureBytes = 64;

    private readonly byte[]? secret;
    private readonly ECDsa? ecdsa;
    private readonly VerificationKey? registered;

    /// <summary>A shared secret.</summary>
    /// <param name="secret">32 bytes or more; copied.</param>
    /// <exception cref="ArgumentException">It is shorter.</exception>
    public RequestSigningKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length < MinSecretBytes)
        {
            throw new ArgumentException("At least 32 bytes.", nameof(secret));
        }

        this.secret = secret.ToArray();
        Algorithm = HmacSha256;
    }

    /// <summary>A key on P-256.</summary>
    /// <param name="key">With its private part, it signs.</param>
    /// <exception cref="ArgumentException">It is on another curve.</exception>
    public RequestSigningKey(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (NistCurve.Of(key.ExportParameters(includePrivateParameters: false).Curve) != NistCurve.P256)
        {
            throw new ArgumentException("A key on P-256.", nameof(key));
        }

        ecdsa = key;
        Algorithm = EcdsaP256Sha256;
    }

    /// <summary>A registered public key, which verifies; of another algorithm than ES256 it verifies nothing.</summary>
    /// <param name="key">The key.</param>
    public RequestSigningKey(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        registered = key;
        Algorithm = key.Algorithm == JwsAlgorithms.Es256 ? EcdsaP256Sha256 : null;
    }

    /// <summary>Its algorithm by the name of RFC 9421 §6.2.2; null for a registered key of none that we take.</summary>
    public string? Algorithm { get; }

    /// <summary>True for an algorithm that we take; case-sensitive.</summary>
    public static bool Takes(string algorithm) => algorithm is HmacSha256 or EcdsaP256Sha256;

    /// <summary>
    /// A shared secret that is derived, so that nobody needs to store it: HKDF-SHA256 (RFC 5869) with its name as salt and <c>tokenry/9421/v1</c> as info.
    /// </summary>
    /// <param name="root">The server's root key, 32 bytes or more.</param>
    /// <param name="name">What names the secret among all of this root: a credential's public id, and which of its secrets.</param>
    /// <exception cref="ArgumentException">The root is shorter, or the name empty.</exception>
    public static RequestSigningKey Derive(ReadOnlySpan<byte> root, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (root.Length < MinSecretBytes)
        {
            throw new ArgumentException("At least 32 bytes.", nameof(root));
        }

        Span<byte> derived = stackalloc byte[MinSecretBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, root, derived, Encoding.UTF8.GetBytes(name), "tokenry/9421/v1"u8);
        var key = new RequestSigningKey(derived);
        CryptographicOperations.ZeroMemory(derived);
        return key;
    }

    /// <summary>A shared secret as <see cref="ToSecret"/> wrote it. False when it is not base64url of 32 bytes or more.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out RequestSigningKey? key)
    {
        key = StrictBase64Url.TryDecode(text, out var bytes) && bytes.Length >= MinSecretBytes ? new RequestSigningKey(bytes) : null;
        return key is not null;
    }

    /// <summary>The shared secret in base64url, to be handed to the client.</summary>
    /// <exception cref="InvalidOperationException">It is not a shared secret.</exception>
    public Secret ToSecret() => new(StrictBase64Url.Encode(secret ?? throw new InvalidOperationException("Not a shared secret.")));

    /// <summary>The signature over <paramref name="signatureBase"/>.</summary>
    /// <exception cref="InvalidOperationException">The key is a registered one, which has no private part.</exception>
    /// <exception cref="CryptographicException">The key has no private part.</exception>
    public byte[] Sign(ReadOnlySpan<byte> signatureBase) =>
        secret is not null ? HMACSHA256.HashData(secret, signatureBase)
        : ecdsa is not null ? ecdsa.SignData(signatureBase, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
        : throw new InvalidOperationException("A registered key verifies only.");

    /// <summary>True when <paramref name="signature"/> is this key's over <paramref name="signatureBase"/>. Shared secrets compare in constant time.</summary>
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
