namespace Tokenry.Server.Platform.Keys.Pkcs11;

/// <summary>The <c>CKA_…</c> values that the server uses (PKCS#11 2.40, pkcs11t.h).</summary>
internal enum Pkcs11Attribute
{
    Class = 0x0,
    Token = 0x1,
    Private = 0x2,
    Label = 0x3,
    KeyType = 0x100,
    Id = 0x102,
    Sensitive = 0x103,
    Sign = 0x108,
    Verify = 0x10a,
    Modulus = 0x120,
    ModulusBits = 0x121,
    PublicExponent = 0x122,
    ValueLength = 0x161,
    Extractable = 0x162,
    EcParams = 0x180,
    EcPoint = 0x181,
}
