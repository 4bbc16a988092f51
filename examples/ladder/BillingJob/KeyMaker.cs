using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BillingJob;

/// <summary>Makes the job's own keys, where they stay: what leaves is their public half, for whoever registers it.</summary>
internal static class KeyMaker
{
    public const string AssertionKey = "assertion.key";
    public const string AssertionJwk = "assertion.jwk";
    public const string TlsKey = "tls.key";
    public const string TlsCertificate = "tls.pem";

    private static readonly TimeSpan Life = TimeSpan.FromDays(90);

    public static void Make(Home home)
    {
        using var assertionKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        home.WriteSecret(AssertionKey, assertionKey.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(home.PathOf(AssertionJwk), Jws.PublicJwk(assertionKey));

        // Nobody need issue it (RFC 8705 §2.2): that very certificate is what gets registered.
        using var tlsKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        home.WriteSecret(TlsKey, tlsKey.ExportPkcs8PrivateKeyPem());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=billing-job", tlsKey, HashAlgorithmName.SHA256).CreateSelfSigned(
            now.AddMinutes(-5),
            now + Life
        );
        File.WriteAllText(home.PathOf(TlsCertificate), certificate.ExportCertificatePem());
    }
}
