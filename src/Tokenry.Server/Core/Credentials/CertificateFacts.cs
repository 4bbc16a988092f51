using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// The certificates that a stored credential accepts, ready to be compared: one exact certificate, or those with one name from some authorities. Kept with
/// the credential's facts, so that no request parses an authority's certificate again.
/// </summary>
public sealed class CertificateFacts
{
    private const string ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    private readonly string? thumbprint;
    private readonly TlsClientAuth? rule;
    private readonly DistinguishedName? subject;
    private readonly X509Certificate2Collection authorities = [];

    public CertificateFacts(RegisteredCertificate registered)
    {
        thumbprint = registered.Thumbprint;
        rule = registered.TlsClientAuth;
        if (rule is null)
        {
            return;
        }

        var bundle = CertificateText.ReadBundle(rule.CaCertificates, CertificateMaterial.MostAuthorities) ?? [];
        authorities.AddRange(bundle.ToArray());
        subject = rule.SubjectDn is { } name && DistinguishedName.TryParse(name, out var parsed) ? parsed : null;
    }

    /// <summary>Whether it accepts names and authorities (<c>tls_client_auth</c>) rather than one certificate.</summary>
    public bool IsRule => rule is not null;

    /// <summary>
    /// Whether the certificate is the registered one, or has the registered name. For a name, <see cref="IsTrusted"/> must be checked too: a client can write
    /// any name into a certificate.
    /// </summary>
    public bool IsAbout(X509Certificate2 certificate) =>
        rule is null ? thumbprint == CertificateThumbprint.Of(certificate.RawDataMemory.Span)
        : rule.SubjectDn is not null ? subject is not null && subject.Equals(DistinguishedName.Of(certificate.SubjectName))
        : HasAlternativeName(rule, AlternativeNames.Of(certificate));

    /// <summary>
    /// Whether a chain leads from the certificate to one of the authorities. Each link must be in its validity, and for client authentication if it states a
    /// use. No other root is trusted and nothing is fetched. No authority is asked for revocations: to refuse a certificate, revoke the credential here.
    /// </summary>
    /// <param name="certificate">The client's certificate.</param>
    /// <param name="sent">Other certificates that came with it and may link it to an authority; they are not trusted for being sent.</param>
    /// <param name="now">The time of the check.</param>
    public bool IsTrusted(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities);
        policy.ExtraStore.AddRange(sent.ToArray());
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ClientAuthenticationOid));
        try
        {
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    private static bool HasAlternativeName(TlsClientAuth rule, AlternativeNames names) =>
        rule.SanDns is { } dns ? names.DnsNames.Contains(dns, StringComparer.OrdinalIgnoreCase)
        : rule.SanUri is { } uri ? names.Uris.Contains(uri, StringComparer.Ordinal)
        : rule.SanEmail is { } email ? names.Emails.Contains(email, StringComparer.Ordinal)
        : IPAddress.TryParse(rule.SanIp, out var address) && names.Addresses.Contains(address);
}
