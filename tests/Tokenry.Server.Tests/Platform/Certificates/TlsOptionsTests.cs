using Microsoft.Extensions.Configuration;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Platform.Certificates;

/// <summary>Where certificates are taken, and what that does to the addresses the server publishes.</summary>
public sealed class TlsOptionsTests
{
    [Theory]
    [InlineData(null, "https://127.0.0.1:7643", "https://127.0.0.1:7643")]
    [InlineData("http://localhost:7600", "https://localhost:7643", "https://localhost:7643")]
    [InlineData("https://tokens.example.com", "https://0.0.0.0:7643", "https://tokens.example.com:7643")]
    [InlineData("https://example.com/tokens", "https://[::]:7643", "https://example.com:7643/tokens")]
    [InlineData("https://tokens.example.com", "https://mtls.example.com", "https://mtls.example.com")]
    // The issuer itself is no other address, and one on loopback is told to nobody elsewhere.
    [InlineData("https://tokens.example.com:7643", "https://0.0.0.0:7643", null)]
    [InlineData("https://tokens.example.com", "https://127.0.0.1:7643", null)]
    public void The_issuer_stays_and_the_other_address_is_derived(string? issuer, string url, string? other)
    {
        var options = Read(("Tokenry:Issuer", issuer), ("Tokenry:TlsUrl", url), ("Kestrel:Certificates:Default:Path", "x.pem"));
        Assert.Equal(issuer ?? "http://127.0.0.1:7600", options.Issuer);
        Assert.Equal(other, PublicAddress.ForCertificates(options));
        Assert.True(options.Tls.SeesCertificates);
    }

    [Fact]
    public void Without_settings_no_certificate_is_seen()
    {
        foreach (var options in new[] { Read(), Read(("Tokenry:TlsUrl", ""), ("Tokenry:ClientCertificateHeader", "none")) })
        {
            Assert.False(options.Tls.SeesCertificates);
            Assert.Null(PublicAddress.ForCertificates(options));
        }
    }

    [Theory]
    [InlineData("Tokenry:TlsUrl", "http://127.0.0.1:7643", "must be https with a host and a port")]
    [InlineData("Tokenry:TlsUrl", "127.0.0.1:7643", "must be https with a host and a port")]
    [InlineData("Tokenry:TlsUrl", "https://127.0.0.1:7643/x", "must be https with a host and a port")]
    [InlineData("Tokenry:TlsUrl", "https://0.0.0.0:7643", "Set Tokenry:TlsCertificate")]
    [InlineData("Tokenry:TlsCertificate", "/nowhere/tls.pem", "the file /nowhere/tls.pem does not exist")]
    [InlineData("Tokenry:ClientCertificateHeader", "apache", "must be none, nginx, nginx:<header name> or rfc9440")]
    public void What_cannot_work_is_said_at_the_start(string key, string value, string words)
    {
        var fault = Assert.Throws<StartupException>(() => Read((key, value)));
        Assert.Contains(words, Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_of_Kestrel_would_hide_the_address()
    {
        var fault = Assert.Throws<StartupException>(() =>
            Read(("Tokenry:TlsUrl", "https://127.0.0.1:7643"), ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:7600"))
        );
        Assert.Contains("not both", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    private static TokenryOptions Read(params (string Key, string? Value)[] settings) =>
        TokenryOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key, pair.Value))).Build()
        );
}
