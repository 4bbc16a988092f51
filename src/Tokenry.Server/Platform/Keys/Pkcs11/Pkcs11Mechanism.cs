namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>The <c>CKM_…</c> values that the server uses.</summary>
internal enum Pkcs11Mechanism
{
    RsaPkcsKeyPairGen = 0x0,
    Sha256RsaPkcs = 0x40,
    Sha256Hmac = 0x251,
    GenericSecretKeyGen = 0x350,
    EcKeyPairGen = 0x1040,

    /// <summary>Signs a digest that the server computes; the signature is r ‖ s, as in a JWS.</summary>
    Ecdsa = 0x1041,
}
