using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A certificate, or a rule for certificates, as a request sends it and as it is stored.</summary>
public static class CertificateMaterial
{
    public const int MostAuthorities = 20;

    private const int LongestBundle = 128 * 1024;
    private const int LongestName = 1000;

    /// <exception cref="ProblemException">400: neither one certificate nor one name and its authorities.</exception>
    public static (RegisteredMaterial Material, DateTimeOffset? NotAfter) Read(ClientCertificateRequest request, DateTimeOffset now)
    {
        if ((request.Certificate is null) == (request.TlsClientAuth is null))
        {
            throw ProblemException.Invalid(
                "certificate",
                "send certificate (that very one) or tls_client_auth (a name and its authorities), one of them"
            );
        }

        var texts = new[] { request.Certificate, request.TlsClientAuth?.CaCertificates };
        if (texts.Any(text => text?.Contains("PRIVATE KEY", StringComparison.Ordinal) is true))
        {
            throw ProblemException.Invalid(
                request.Certificate is null ? "tls_client_auth" : "certificate",
                "holds a private key. It was not stored, but it has left its owner: make a new pair and send the certificate alone"
            );
        }

        return request.Certificate is { } pem ? One(pem, now) : (Rule(request.TlsClientAuth!), null);
    }

    /// <summary>The certificates that a stored material accepts.</summary>
    internal static CertificateFacts Open(string material) => new(JsonColumn.Read<RegisteredCertificate>(material));

    private static (RegisteredMaterial, DateTimeOffset?) One(string pem, DateTimeOffset now)
    {
        if (!CertificateText.TryPem(pem, out var certificate))
        {
            throw ProblemException.Invalid("certificate", "is not one certificate in PEM (-----BEGIN CERTIFICATE-----) and nothing else");
        }

        using (certificate)
        {
            var check = new Validation();
            var notAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
            check.Require(notAfter > now, "certificate", "has expired");
            check.Require(
                CertificateKey.IsStrong(certificate),
                "certificate",
                "has a key that is not taken: RSA of 2048 bits or more, or P-256, P-384, P-521"
            );
            check.ThrowIfAny();
            var registered = new RegisteredCertificate
            {
                Thumbprint = CertificateThumbprint.Of(certificate.RawDataMemory.Span),
                Subject = Shown(certificate),
                NotAfter = notAfter,
            };
            return (Material(registered, registered.Thumbprint, registered.Thumbprint), notAfter);
        }
    }

    private static RegisteredMaterial Rule(TlsClientAuth rule)
    {
        var check = new Validation();
        (string Member, string? Value)[] names =
        [
            ("subject_dn", rule.SubjectDn),
            ("san_dns", rule.SanDns),
            ("san_uri", rule.SanUri),
            ("san_ip", rule.SanIp),
            ("san_email", rule.SanEmail),
        ];
        var named = names.Where(name => name.Value is not null).ToArray();
        check.Require(named.Length == 1, "tls_client_auth", "needs exactly one of subject_dn, san_dns, san_uri, san_ip and san_email");
        foreach (var (member, value) in named)
        {
            check.Text("tls_client_auth." + member, value, LongestName);
            check.Require(value!.Length > 0, "tls_client_auth." + member, "is empty");
        }

        CheckName(check, rule);
        CheckAuthorities(check, rule.CaCertificates);
        check.ThrowIfAny();
        var (kind, name) = named[0];
        return Material(
            new RegisteredCertificate { TlsClientAuth = rule },
            Validation.Cut($"{kind}: {name}", Validation.LongestName),
            keyId: null
        );
    }

    private static void CheckName(Validation check, TlsClientAuth rule)
    {
        check.Require(
            rule.SubjectDn is null || DistinguishedName.TryParse(rule.SubjectDn, out _),
            "tls_client_auth.subject_dn",
            "is not a name as RFC 4514 writes it, such as CN=billing,O=Example (an attribute that has no short name there by its number: 2.5.4.15=…)"
        );
        check.Require(
            rule.SanDns is null || (rule.SanDns.Length <= 253 && Uri.CheckHostName(rule.SanDns) == UriHostNameType.Dns),
            "tls_client_auth.san_dns",
            "is not a host name"
        );
        check.Require(
            rule.SanUri is null
                || (rule.SanUri.Contains(':', StringComparison.Ordinal) && Uri.TryCreate(rule.SanUri, UriKind.Absolute, out _)),
            "tls_client_auth.san_uri",
            "is not an absolute URI"
        );
        check.Require(rule.SanIp is null || IPAddress.TryParse(rule.SanIp, out _), "tls_client_auth.san_ip", "is not an IP address");
        check.Require(
            rule.SanEmail is null || rule.SanEmail.IndexOf('@', StringComparison.Ordinal) is > 0,
            "tls_client_auth.san_email",
            "is not an e-mail address"
        );
    }

    private static void CheckAuthorities(Validation check, string bundle)
    {
        const string member = "tls_client_auth.ca_certificates";
        var read = bundle.Length <= LongestBundle ? CertificateText.ReadBundle(bundle, MostAuthorities) : null;
        if (read is not { Count: > 0 })
        {
            check.Require(false, member, $"is not 1 to {MostAuthorities} certificates in PEM and nothing else");
            return;
        }

        check.Require(read.Exists(IsRoot), member, "holds no root: a chain must end at a self-signed certificate of these");
        foreach (var certificate in read)
        {
            check.Require(
                IsAuthority(certificate),
                member,
                $"'{Validation.Shown(Shown(certificate))}' is not an authority's certificate (basicConstraints)"
            );
            certificate.Dispose();
        }
    }

    private static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static bool IsAuthority(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static string Shown(X509Certificate2 certificate) => DistinguishedName.Of(certificate.SubjectName)?.ToString() ?? "";

    private static RegisteredMaterial Material(RegisteredCertificate registered, string masked, string? keyId) =>
        new(CredentialKind.Certificate, JsonColumn.Write(registered), masked, keyId);
}
