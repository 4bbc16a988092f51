using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Testing;

/// <summary>What a certificate of <see cref="TestAuthority"/> says; what is left out is ordinary.</summary>
public sealed record LeafOptions
{
    public string Subject { get; init; } = "CN=billing, O=Example";

    /// <summary>Instead of <see cref="Subject"/>: as it is to be encoded.</summary>
    public X500DistinguishedName? EncodedSubject { get; init; }

    public string? Dns { get; init; }

    public string? Uri { get; init; }

    public string? Ip { get; init; }

    public string? Email { get; init; }

    /// <summary>Extended key usages by number; null leaves the extension out.</summary>
    public IReadOnlyList<string>? Usages { get; init; } = ["1.3.6.1.5.5.7.3.2"];

    /// <summary>From now; negative has begun.</summary>
    public TimeSpan Begins { get; init; } = TimeSpan.FromHours(-1);

    public TimeSpan Ends { get; init; } = TimeSpan.FromHours(1);

    public ECDsa? Key { get; init; }
}

/// <summary>A certificate authority of a test: a root, or one that another issued.</summary>
public sealed class TestAuthority
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string subject = "CN=Example Root", TestAuthority? issuer = null)
    {
        var request = new CertificateRequest(subject, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = issuer is null
            ? (now.AddDays(-1), now.AddDays(1))
            : (new DateTimeOffset(issuer.Certificate.NotBefore), new DateTimeOffset(issuer.Certificate.NotAfter));
        Certificate = issuer is null
            ? request.CreateSelfSigned(from, to)
            : request.Create(issuer.Certificate, from, to, RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(_key);
    }

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    public X509Certificate2 Issue(LeafOptions? options = null)
    {
        var (request, key, from, to) = Request(options ?? new LeafOptions());
        return request
            .Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), from, to, RandomNumberGenerator.GetBytes(8))
            .CopyWithPrivateKey(key);
    }

    /// <summary>Without an authority.</summary>
    public static X509Certificate2 SelfSigned(LeafOptions? options = null)
    {
        var (request, _, from, to) = Request(options ?? new LeafOptions());
        return request.CreateSelfSigned(from, to);
    }

    private static (CertificateRequest Request, ECDsa Key, DateTimeOffset From, DateTimeOffset To) Request(LeafOptions options)
    {
        var key = options.Key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            options.EncodedSubject ?? new X500DistinguishedName(options.Subject),
            key,
            HashAlgorithmName.SHA256
        );
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        if (options.Usages is { } usages)
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], critical: false)
            );
        var names = new SubjectAlternativeNameBuilder();
        if (options.Dns is not null)
            names.AddDnsName(options.Dns);
        if (options.Uri is not null)
            names.AddUri(new Uri(options.Uri));
        if (options.Ip is not null)
            names.AddIpAddress(IPAddress.Parse(options.Ip));
        if (options.Email is not null)
            names.AddEmailAddress(options.Email);
        if ((options.Dns ?? options.Uri ?? options.Ip ?? options.Email) is not null)
            request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return (request, key, now + options.Begins, now + options.Ends);
    }
}
