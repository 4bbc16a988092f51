using System.Security.Cryptography;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>A new key that is not stored yet. Its private key is already sealed, or on the PKCS#11 token.</summary>
public sealed class NewSigningKey
{
    private const int RsaBits = 2048;

    private NewSigningKey(string keyId, string algorithm, AsymmetricAlgorithm key, KeyRing keys)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        PublicKey = key.ExportSubjectPublicKeyInfo();
        var pkcs8 = key.ExportPkcs8PrivateKey();
        SealedPrivateKey = keys.Seal(pkcs8, SigningKeyStore.SealPurpose(keyId));
        CryptographicOperations.ZeroMemory(pkcs8);
    }

    private NewSigningKey(string keyId, string algorithm, byte[] publicKey)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        PublicKey = publicKey;
        SealedPrivateKey = [];
        IsOnToken = true;
    }

    /// <summary>The RFC 7638 thumbprint.</summary>
    public string KeyId { get; }

    public string Algorithm { get; }

    public byte[] PublicKey { get; }

    /// <summary>Empty if the private key is on the PKCS#11 token.</summary>
    public byte[] SealedPrivateKey { get; }

    public bool IsOnToken { get; }

    /// <summary>Creates a key whose private key never leaves the PKCS#11 token.</summary>
    /// <exception cref="StoreUnavailableException">The token is unavailable.</exception>
    public static NewSigningKey MakeOn(Pkcs11Token token, string algorithm)
    {
        var (keyId, publicKey) = token.Make(algorithm);
        return new NewSigningKey(keyId, algorithm, publicKey);
    }

    /// <summary>
    /// Creates a key. RSA takes from a tenth of a second to a second of processor time, so do not call this on a thread that others wait for.
    /// </summary>
    public static NewSigningKey Make(string algorithm, KeyRing keys)
    {
        switch (algorithm)
        {
            case JwsAlgorithms.Es256:
                using (var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    return new(
                        JsonWebKey.Thumbprint(ecdsa.ExportParameters(includePrivateParameters: false)),
                        JwsAlgorithms.Es256,
                        ecdsa,
                        keys
                    );
                }

            case JwsAlgorithms.Rs256:
                using (var rsa = RSA.Create(RsaBits))
                {
                    return new(
                        JsonWebKey.Thumbprint(rsa.ExportParameters(includePrivateParameters: false)),
                        JwsAlgorithms.Rs256,
                        rsa,
                        keys
                    );
                }

            default:
                throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "The server does not sign with this algorithm.");
        }
    }
}
