using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Tests.Platform.Certificates;

/// <summary>Subject alternative names by their ASN.1 and nothing else (RFC 5280 §4.2.1.6).</summary>
public sealed class AlternativeNamesTests
{
    [Fact]
    public void Each_kind_is_found_by_its_tag()
    {
        var names = AlternativeNames.Of(
            TestAuthority.SelfSigned(
                new LeafOptions
                {
                    Dns = "billing.example.com",
                    Uri = "spiffe://example.com/billing",
                    Ip = "2001:db8::1",
                    Email = "billing@example.com",
                }
            )
        );
        Assert.Equal(["billing.example.com"], names.DnsNames);
        Assert.Equal(["spiffe://example.com/billing"], names.Uris);
        Assert.Equal([IPAddress.Parse("2001:db8::1")], names.Addresses);
        Assert.Equal(["billing@example.com"], names.Emails);
    }

    [Fact]
    public void Without_the_extension_there_is_none() => Assert.Empty(AlternativeNames.Of(TestAuthority.SelfSigned()).DnsNames);

    /// <summary>A name that would be read one way here and another way elsewhere is none.</summary>
    [Fact]
    public void A_malformed_one_has_no_names_at_all()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, "good.example.com", new Asn1Tag(TagClass.ContextSpecific, 2));
            writer.WriteOctetString([1, 2, 3], new Asn1Tag(TagClass.ContextSpecific, 7)); // no address has three bytes
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", writer.Encode(), critical: false));
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Empty(AlternativeNames.Of(certificate).DnsNames);
    }
}
