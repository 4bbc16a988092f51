using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// What certificates a stored credential stands for, ready to be compared: that very one, or those with one name from some authorities. Kept with
/// the credential's facts, so that no request reads an authority's certificate again.
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

    /// <summary>Whether it stands for names and authorities (<c>tls_client_auth</c>) and not for one certificate.</summary>
    public bool IsRule => rule is not null;

    /// <summary>Whether the certificate is the one, or has the name. Of a name, <see cref="IsTrusted"/> must be asked too: anybody can write one.</summary>
    public bool IsAbout(X509Certificate2 certificate) =>
        rule is null ? thumbprint == CertificateThumbprint.Of(certificate.RawDataMemory.Span)
        : rule.SubjectDn is not null ? subject is not null && subject.Equals(DistinguishedName.Of(certificate.SubjectName))
        : HasAlternativeName(rule, AlternativeNames.Of(certificate));

    /// <summary>
    /// Whether a chain leads from the certificate to one of the authorities, each link in its validity and for client authentication where it says for
    /// what. No other root is trusted, nothing is fetched, and no authority is asked whether it took the certificate back: that is done by revoking
    /// the credential here.
    /// </summary>
    /// <param name="certificate">The client's.</param>
    /// <param name="sent">Others that came with it and may stand between; none of them is trusted for that.</param>
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
