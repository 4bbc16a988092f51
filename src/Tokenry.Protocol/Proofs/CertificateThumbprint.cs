using System.Buffers.Text;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Proofs;

/// <summary>The value by which a bound token names a TLS client certificate: <c>x5t#S256</c> (RFC 8705 §3.1).</summary>
public static class CertificateThumbprint
{
    /// <summary>The SHA-256 of the certificate in base64url, 43 characters.</summary>
    /// <param name="der">The whole certificate in DER, as in the TLS handshake.</param>
    public static string Of(ReadOnlySpan<byte> der)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(der, hash);
        return Base64Url.EncodeToString(hash);
    }
}
