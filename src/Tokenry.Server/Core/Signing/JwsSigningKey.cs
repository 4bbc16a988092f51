using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// One private key with one algorithm and the prepared protected header of its tokens. Many threads sign with it at once. The framework does
/// not promise that for ECDsa and RSA objects. But each signature is a separate OpenSSL call with a key that does not change, which OpenSSL
/// allows (openssl-threads(7)); <c>SigningKeyTests</c> tests it. If the key is on a PKCS#11 token, this object holds the public key only.
/// </summary>
public sealed class JwsSigningKey : IDisposable
{
    private readonly ECDsa? ecdsa;
    private readonly RSA? rsa;
    private readonly Pkcs11Token? token;

    private JwsSigningKey(string keyId, ECDsa key)
        : this(keyId, new VerificationKey(keyId, ECDsa.Create(key.ExportParameters(includePrivateParameters: false))))
    {
        ecdsa = key;
        SignatureBytes = 64;
    }

    private JwsSigningKey(string keyId, RSA key)
        : this(keyId, new VerificationKey(keyId, RSA.Create(key.ExportParameters(includePrivateParameters: false))))
    {
        rsa = key;
        SignatureBytes = (key.KeySize + 7) / 8;
    }

    private JwsSigningKey(string keyId, VerificationKey verification)
    {
        KeyId = keyId;
        Verification = verification;
        var header = $$"""{"alg":"{{verification.Algorithm}}","typ":"at+jwt","kid":"{{keyId}}"}""";
        EncodedHeader = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header)) + ".");
    }

    private JwsSigningKey(string keyId, VerificationKey verification, int signatureBytes, Pkcs11Token? token)
        : this(keyId, verification)
    {
        this.token = token;
        SignatureBytes = signatureBytes;
    }

    public string KeyId { get; }

    public string Algorithm => Verification.Algorithm;

    public VerificationKey Verification { get; }

    /// <summary>base64url of the protected header, with the dot after it.</summary>
    public byte[] EncodedHeader { get; }

    public int SignatureBytes { get; }

    public static JwsSigningKey Open(string keyId, string algorithm, byte[] pkcs8)
    {
        try
        {
            switch (algorithm)
            {
                case JwsAlgorithms.Es256:
                    var onCurve = ECDsa.Create();
                    onCurve.ImportPkcs8PrivateKey(pkcs8, out _);
                    return new JwsSigningKey(keyId, onCurve);
                case JwsAlgorithms.Rs256:
                    var withModulus = RSA.Create();
                    withModulus.ImportPkcs8PrivateKey(pkcs8, out _);
                    return new JwsSigningKey(keyId, withModulus);
                default:
                    throw NotSigned(keyId, algorithm);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <param name="keyId">The key id.</param>
    /// <param name="algorithm">The signing algorithm.</param>
    /// <param name="publicKey">SubjectPublicKeyInfo.</param>
    /// <param name="token">
    /// The PKCS#11 token with the private key; <c>null</c> = this process knows no such token, so it verifies but cannot sign.
    /// </param>
    public static JwsSigningKey OnToken(string keyId, string algorithm, byte[] publicKey, Pkcs11Token? token)
    {
        switch (algorithm)
        {
            case JwsAlgorithms.Es256:
                var onCurve = ECDsa.Create();
                onCurve.ImportSubjectPublicKeyInfo(publicKey, out _);
                return new JwsSigningKey(keyId, new VerificationKey(keyId, onCurve), signatureBytes: 64, token);
            case JwsAlgorithms.Rs256:
                var withModulus = RSA.Create();
                withModulus.ImportSubjectPublicKeyInfo(publicKey, out _);
                return new JwsSigningKey(keyId, new VerificationKey(keyId, withModulus), (withModulus.KeySize + 7) / 8, token);
            default:
                throw NotSigned(keyId, algorithm);
        }
    }

    /// <summary>The signature in JWS form: ES256 r ‖ s, 64 bytes (RFC 7518 §3.4); RS256 as long as the modulus (§3.3).</summary>
    /// <exception cref="StoreUnavailableException">The PKCS#11 token is unavailable, or this process knows no token.</exception>
    public bool TrySign(ReadOnlySpan<byte> signingInput, Span<byte> signature)
    {
        if (ecdsa is not null)
        {
            return ecdsa.TrySignData(
                signingInput,
                signature,
                HashAlgorithmName.SHA256,
                DSASignatureFormat.IeeeP1363FixedFieldConcatenation,
                out _
            );
        }

        if (rsa is not null)
        {
            return rsa.TrySignData(signingInput, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, out _);
        }

        if (token is null)
        {
            throw new StoreUnavailableException(
                $"Signing key {KeyId} is on a PKCS#11 token, but Tokenry:Pkcs11 is not set. Set it to the token."
            );
        }

        token.Sign(KeyId, Algorithm, signingInput, signature);
        return Verification.Verify(signingInput, signature); // the token is another device: after a reset it may have signed with another key
    }

    public void WritePublic(Utf8JsonWriter writer) => Verification.WritePublic(writer);

    public void Dispose()
    {
        ecdsa?.Dispose();
        rsa?.Dispose();
        Verification.Dispose();
    }

    private static NotSupportedException NotSigned(string keyId, string algorithm) =>
        new($"Signing key {keyId} uses the algorithm {algorithm}, which this version does not support.");
}
