using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Enrolment;

/// <summary>
/// The authority of the devices' certificates. Each names its device in a URI; Tokenry takes the name of a registered device from this authority and from
/// no other.
/// </summary>
internal sealed class DeviceAuthority
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Clocks of devices are not the best.
    private static readonly TimeSpan Earlier = TimeSpan.FromHours(1);
    private static readonly TimeSpan OwnLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan DeviceLife = TimeSpan.FromDays(365);

    private readonly X509Certificate2 _certificate;
    private readonly X509SignatureGenerator _signer;

    private DeviceAuthority(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _signer = X509SignatureGenerator.CreateForECDsa(certificate.GetECDsaPrivateKey()!);
    }

    public string Pem => _certificate.ExportCertificatePem();

    public static DeviceAuthority OpenOrMake(string folder)
    {
        var path = Path.Combine(folder, "authority.pem");
        if (!File.Exists(path))
        {
            using var made = Make();
            using var key = made.GetECDsaPrivateKey()!;
            PrivateFile.Replace(path, made.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        }

        return new(X509Certificate2.CreateFromPemFile(path));
    }

    /// <summary>A new key and the device's certificate for it, in PEM.</summary>
    public string Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(UriOf(name)));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        var serial = RandomNumberGenerator.GetBytes(16);
        using var certificate = request.Create(_certificate.SubjectName, _signer, now - Earlier, now + DeviceLife, serial);
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem();
    }

    public static string UriOf(string name) => $"urn:example:device:{name}";

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Device authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now - Earlier, now + OwnLife);
    }
}
