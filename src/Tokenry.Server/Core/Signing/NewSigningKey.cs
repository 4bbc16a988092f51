using System.Security.Cryptography;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>A new key that is not stored yet; its private part is sealed already, or on the token.</summary>
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

    /// <summary>Empty where it is on the token.</summary>
    public byte[] SealedPrivateKey { get; }

    public bool IsOnToken { get; }

    /// <summary>Its private part never leaves the token.</summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public static NewSigningKey MakeOn(Pkcs11Token token, string algorithm)
    {
        var (keyId, publicKey) = token.Make(algorithm);
        return new NewSigningKey(keyId, algorithm, publicKey);
    }

    /// <summary>An RSA key takes a processor from a tenth of a second to a second: never on a thread that others wait for.</summary>
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
                throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No algorithm we sign with.");
        }
    }
}
