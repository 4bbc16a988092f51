using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using static Tokenry.Server.Platform.Keys.Pkcs11.Pkcs11Template;

namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>
/// The token that creates signing keys and signs with them; private halves never leave it. The <c>CKA_ID</c> of a key's objects is the key's id. The token
/// may also hold a secret, from which it derives the key that seals the key file.
/// </summary>
public sealed class Pkcs11Token(Pkcs11Options options) : IDisposable
{
    private const nuint PrivateKeyClass = 3;
    private const nuint SecretKeyClass = 4;
    private const nuint GenericSecret = 0x10; // CKK_GENERIC_SECRET
    private const int SecretLength = 32;
    private const nuint RsaBits = 2048;
    private static readonly byte[] P256 = Convert.FromHexString("06082a8648ce3d030107"); // 1.2.840.10045.3.1.7
    private static readonly byte[] F4 = [1, 0, 1];

    private Pkcs11Library? library;
    private Pkcs11Sessions? sessions;

    public string Label => options.Label;

    /// <inheritdoc cref="Pkcs11Options.HoldsNewKeys"/>
    public bool HoldsNewKeys => options.HoldsNewKeys;

    private Pkcs11Library Library => library ?? throw new InvalidOperationException("The token is not open.");

    private Pkcs11Sessions Sessions => sessions ?? throw new InvalidOperationException("The token is not open.");

    /// <summary>Opens one session at start and logs in.</summary>
    /// <exception cref="StartupException">Says what to do.</exception>
    public void Open()
    {
        try
        {
            library = Pkcs11Library.Load(options.Module);
            sessions = new Pkcs11Sessions(library, options);
            if (library.FindSlot(options.Label) is null)
            {
                throw new StartupException(
                    $"There is no PKCS#11 token with the label '{options.Label}' (Tokenry:Pkcs11:Token). Initialise it, or check what the library "
                        + $"{options.Module} reads its configuration from."
                );
            }

            sessions.Open();
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new StartupException(
                $"Tokenry:Pkcs11:Module {options.Module} is no PKCS#11 library that can be loaded: {exception.Message}"
            );
        }
        catch (Pkcs11Exception exception) when (exception.RefusesPin)
        {
            throw new StartupException(
                $"The PKCS#11 token '{options.Label}' does not take the PIN in {options.PinFile} (Tokenry:Pkcs11:PinFile): {exception.Message} "
                    + "Correct the file before you start again: tokens lock themselves after a few attempts."
            );
        }
        catch (Exception exception) when (exception is Pkcs11Exception or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The PKCS#11 token '{options.Label}' cannot be used: {exception.Message}");
        }
    }

    /// <summary>Creates a key that never leaves the token. Creating an RSA key takes seconds.</summary>
    /// <returns>Its id (RFC 7638) and its public half.</returns>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public (string KeyId, byte[] PublicKey) Make(string algorithm) =>
        Sessions.Run(session =>
        {
            var (mechanism, kind) = algorithm switch
            {
                JwsAlgorithms.Es256 => (Pkcs11Mechanism.EcKeyPairGen, new[] { (Pkcs11Attribute.EcParams, P256) }),
                JwsAlgorithms.Rs256 => (
                    Pkcs11Mechanism.RsaPkcsKeyPairGen,
                    [(Pkcs11Attribute.ModulusBits, Number(RsaBits)), (Pkcs11Attribute.PublicExponent, F4)]
                ),
                _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No algorithm we sign with."),
            };
            var pair = Library.GenerateKeyPair(
                session,
                mechanism,
                new Pkcs11Template([(Pkcs11Attribute.Token, Flag(true)), (Pkcs11Attribute.Verify, Flag(true)), .. kind]),
                new Pkcs11Template(
                    (Pkcs11Attribute.Token, Flag(true)),
                    (Pkcs11Attribute.Private, Flag(true)),
                    (Pkcs11Attribute.Sensitive, Flag(true)),
                    (Pkcs11Attribute.Extractable, Flag(false)),
                    (Pkcs11Attribute.Sign, Flag(true))
                )
            );
            try
            {
                var (keyId, publicKey) = ReadPublic(session, pair.Public, algorithm);
                var name = new Pkcs11Template(
                    (Pkcs11Attribute.Id, Encoding.ASCII.GetBytes(keyId)),
                    (Pkcs11Attribute.Label, Encoding.ASCII.GetBytes($"tokenry {algorithm}"))
                );
                Library.SetAttributes(session, pair.Public, name);
                Library.SetAttributes(session, pair.Private, name);
                return (keyId, publicKey);
            }
            catch (Exception exception)
            {
                // The server would never find this key again.
                Library.Destroy(session, pair.Private);
                Library.Destroy(session, pair.Public);
                if (exception is CryptographicException)
                {
                    throw new StoreUnavailableException($"The PKCS#11 token {Label} gave a public key that is none.", exception);
                }

                throw;
            }
        });

    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public bool Holds(string keyId) => Sessions.Run(session => Find(session, PrivateKeyClass, keyId) is not null);

    /// <summary>Signs with a private key of the token.</summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now, or has no such key.</exception>
    public void Sign(string keyId, string algorithm, ReadOnlySpan<byte> signingInput, Span<byte> signature)
    {
        var isEcdsa = algorithm == JwsAlgorithms.Es256;
        var data = isEcdsa ? SHA256.HashData(signingInput) : signingInput.ToArray();
        var length = signature.Length;
        var made = Sessions.Run(session =>
        {
            var mechanism = isEcdsa ? Pkcs11Mechanism.Ecdsa : Pkcs11Mechanism.Sha256RsaPkcs;
            return Library.Sign(session, mechanism, HandleOf(session, PrivateKeyClass, keyId), data, length);
        });
        if (made.Length != length)
        {
            throw new StoreUnavailableException($"The PKCS#11 token {Label} made a signature of {made.Length} bytes and not {length}.");
        }

        made.CopyTo(signature);
    }

    /// <summary>Destroys both halves; does nothing if they are already gone.</summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public void Destroy(string keyId)
    {
        var isSecondLook = false;
        Sessions.Run(session =>
        {
            Sessions.Handles.TryRemove(keyId, out _);
            var found = Library.Find(session, new Pkcs11Template((Pkcs11Attribute.Id, Encoding.ASCII.GetBytes(keyId))));
            if (found.Length == 0 && !isSecondLook)
            {
                isSecondLook = true; // as in Sign; a key that the library does not see would stay for ever
                throw new Pkcs11Exception($"Looking for signing key {keyId}", Pkcs11Exception.KeyHandleInvalid);
            }

            foreach (var handle in found)
            {
                Library.Destroy(session, handle);
            }

            return true;
        });
    }

    /// <summary>Creates a secret that never leaves the token, for <see cref="Mac"/> only.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="StoreUnavailableException">The token does not serve now.</exception>
    public string MakeSecret()
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        Sessions.Run(session =>
            Library.GenerateKey(
                session,
                Pkcs11Mechanism.GenericSecretKeyGen,
                new Pkcs11Template(
                    (Pkcs11Attribute.Class, Number(SecretKeyClass)),
                    (Pkcs11Attribute.KeyType, Number(GenericSecret)),
                    (Pkcs11Attribute.ValueLength, Number(SecretLength)),
                    (Pkcs11Attribute.Id, Encoding.ASCII.GetBytes(id)),
                    (Pkcs11Attribute.Label, "tokenry key file"u8.ToArray()),
                    (Pkcs11Attribute.Token, Flag(true)),
                    (Pkcs11Attribute.Private, Flag(true)),
                    (Pkcs11Attribute.Sensitive, Flag(true)),
                    (Pkcs11Attribute.Extractable, Flag(false)),
                    (Pkcs11Attribute.Sign, Flag(true))
                )
            )
        );
        return id;
    }

    /// <summary>HMAC-SHA256 with the secret of that id.</summary>
    /// <exception cref="StoreUnavailableException">The token does not serve now, or has no such secret.</exception>
    public byte[] Mac(string secretId, byte[] data) =>
        Sessions.Run(session =>
            Library.Sign(session, Pkcs11Mechanism.Sha256Hmac, HandleOf(session, SecretKeyClass, secretId), data, HMACSHA256.HashSizeInBytes)
        );

    public void Dispose() => sessions?.Dispose();

    private nuint HandleOf(nuint session, nuint objectClass, string id)
    {
        if (!Sessions.Handles.TryGetValue(id, out var handle))
        {
            // The process that created it has found it; this library may need a restart to see what another process did.
            handle = Find(session, objectClass, id) ?? throw new Pkcs11Exception($"Looking for key {id}", Pkcs11Exception.KeyHandleInvalid);
            Sessions.Handles[id] = handle;
        }

        return handle;
    }

    private nuint? Find(nuint session, nuint objectClass, string id)
    {
        var found = Library.Find(
            session,
            new Pkcs11Template((Pkcs11Attribute.Class, Number(objectClass)), (Pkcs11Attribute.Id, Encoding.ASCII.GetBytes(id)))
        );
        return found.Length > 0 ? found[0] : null;
    }

    private (string KeyId, byte[] PublicKey) ReadPublic(nuint session, nuint handle, string algorithm)
    {
        if (algorithm == JwsAlgorithms.Es256)
        {
            var point = Point(Library.GetAttribute(session, handle, Pkcs11Attribute.EcPoint));
            using var ecdsa = ECDsa.Create(
                new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256,
                    Q = new ECPoint { X = point[1..33], Y = point[33..] },
                }
            );
            return (JsonWebKey.Thumbprint(ecdsa.ExportParameters(includePrivateParameters: false)), ecdsa.ExportSubjectPublicKeyInfo());
        }

        using var rsa = RSA.Create(
            new RSAParameters
            {
                Modulus = Library.GetAttribute(session, handle, Pkcs11Attribute.Modulus),
                Exponent = Library.GetAttribute(session, handle, Pkcs11Attribute.PublicExponent),
            }
        );
        return (JsonWebKey.Thumbprint(rsa.ExportParameters(includePrivateParameters: false)), rsa.ExportSubjectPublicKeyInfo());
    }

    /// <summary>0x04 ‖ x ‖ y: in an OCTET STRING, as the standard requires, or bare, as some tokens return it.</summary>
    private static byte[] Point(byte[] value)
    {
        const int length = 65;
        try
        {
            var point = value.Length == length ? value : AsnDecoder.ReadOctetString(value, AsnEncodingRules.DER, out _);
            return point is [4, ..] && point.Length == length ? point : throw new CryptographicException("no uncompressed point of P-256");
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException("no point", exception);
        }
    }
}
