using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Tokenry.Server.Platform.Certificates;

namespace Tokenry.Server.Tests.Platform.Certificates;

/// <summary>One certificate is one, and nothing stands around it (security §3.10).</summary>
public sealed class CertificateTextTests
{
    private static readonly X509Certificate2 One = TestAuthority.SelfSigned();
    private static readonly string Pem = One.ExportCertificatePem();
    private static readonly string Base64 = Convert.ToBase64String(One.RawData);

    public static TheoryData<string> NoPem =>
        [
            "",
            "x" + Pem,
            Pem + "x",
            Pem + "\n" + Pem,
            Pem.Replace("CERTIFICATE", "X509 CRL", StringComparison.Ordinal),
            Pem.Replace("CERTIFICATE", "TRUSTED CERTIFICATE", StringComparison.Ordinal),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            $"-----BEGIN CERTIFICATE-----\n{Convert.ToBase64String([.. One.RawData, 0])}\n-----END CERTIFICATE-----",
            $"-----BEGIN CERTIFICATE-----\n{Convert.ToBase64String(One.RawData[..^1])}\n-----END CERTIFICATE-----",
            Pem + new string(' ', CertificateText.LongestText),
        ];

    [Theory, MemberData(nameof(NoPem))]
    public void What_is_not_one_certificate_in_PEM_is_none(string text)
    {
        Assert.False(CertificateText.TryPem(text, out var none));
        Assert.Null(none);
        Assert.False(CertificateText.TryEscapedPem(Uri.EscapeDataString(text), out _));
    }

    [Fact]
    public void White_space_around_PEM_does_not_matter()
    {
        Assert.True(CertificateText.TryPem($"\r\n {Pem}\n\n", out var read));
        Assert.Equal(One.RawData, read.RawData);
        Assert.True(CertificateText.TryEscapedPem(One.EscapedPem(), out read));
        Assert.Equal(One.RawData, read.RawData);
        Assert.False(CertificateText.TryEscapedPem(One.EscapedPem() + "%", out _));
    }

    public static TheoryData<string> NoByteSequence =>
        [
            "",
            ":",
            "::",
            Base64,
            ":" + Base64,
            Base64 + ":",
            $" :{Base64}:",
            $":{Base64}: ",
            $":{Base64}:;a=1",
            $":{Base64}:, :{Base64}:",
            $":{Base64[..80]} {Base64[80..]}:",
            $":{Convert.ToBase64String([.. One.RawData, 0])}:",
            $":{new string('A', CertificateText.LongestText + 4)}:",
        ];

    [Theory, MemberData(nameof(NoByteSequence))]
    public void What_is_not_one_byte_sequence_is_none(string text) => Assert.False(CertificateText.TryByteSequence(text, out _));

    [Fact]
    public void A_byte_sequence_is_taken()
    {
        Assert.True(CertificateText.TryByteSequence(One.ByteSequence(), out var read));
        Assert.Equal(One.RawData, read.RawData);
    }

    [Theory]
    [InlineData("none", null)]
    [InlineData("nginx", "X-SSL-Client-Cert")]
    [InlineData("nginx:ssl-client-cert", "ssl-client-cert")]
    [InlineData("RFC9440", "Client-Cert")]
    public void The_setting_names_the_header(string setting, string? name)
    {
        Assert.True(ClientCertificateHeader.TryParse(setting, out var header));
        Assert.Equal(name, header?.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("traefik")]
    [InlineData("nginx:")]
    [InlineData("nginx:X_SSL")]
    [InlineData("nginx:a b")]
    public void Another_setting_is_none(string setting) => Assert.False(ClientCertificateHeader.TryParse(setting, out _));

    [Fact]
    public void Twice_or_in_another_spelling_it_is_refused_and_empty_it_is_none()
    {
        Assert.True(ClientCertificateHeader.TryParse("nginx", out var header));
        var value = One.EscapedPem();
        Assert.True(header!.TryRead(new HeaderDictionary { ["x-ssl-client-cert"] = value }, out var read));
        Assert.Equal(One.RawData, read!.RawData);
        Assert.True(header.TryRead(new HeaderDictionary { ["X-SSL-Client-Cert"] = "" }, out read));
        Assert.Null(read);
        Assert.False(header.TryRead(new HeaderDictionary { ["X-SSL-Client-Cert"] = new([value, value]) }, out _));
        Assert.False(header.TryRead(new HeaderDictionary { ["X-SSL-Client-Cert"] = value, ["X_SSL_Client_Cert"] = "" }, out _));
        Assert.True(header.IsIn(new HeaderDictionary { ["x_ssl-client_cert"] = value }));
        Assert.False(header.TryRead(new HeaderDictionary { ["x_ssl-client_cert"] = value }, out _));
    }
}
