using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Credentials;

/// <summary>The public key inside a certificate. A client's certificate may use any curve or none; such a key matches no registered key.</summary>
internal static class CertificateKey
{
    private const int FewestRsaBits = 2048;
    private const int FewestCurveBits = 256;

    /// <summary>RSA of 2048 bits and more, or a curve of 256 bits and more.</summary>
    public static bool IsStrong(X509Certificate2 certificate) =>
        Read(certificate, ecdsa => ecdsa.KeySize >= FewestCurveBits, rsa => rsa.KeySize >= FewestRsaBits);

    /// <summary>Its RFC 7638 thumbprint; <c>null</c> if keys of its kind cannot be registered.</summary>
    public static string? Thumbprint(X509Certificate2 certificate) =>
        Read(
            certificate,
            ecdsa => JsonWebKey.Thumbprint(ecdsa.ExportParameters(includePrivateParameters: false)),
            rsa => JsonWebKey.Thumbprint(rsa.ExportParameters(includePrivateParameters: false))
        );

    private static T? Read<T>(X509Certificate2 certificate, Func<ECDsa, T> ofCurve, Func<RSA, T> ofRsa)
    {
        try
        {
            using var ecdsa = certificate.GetECDsaPublicKey();
            using var rsa = certificate.GetRSAPublicKey();
            return ecdsa is not null ? ofCurve(ecdsa)
                : rsa is not null ? ofRsa(rsa)
                : default;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            return default;
        }
    }
}
