using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace BillingJob;

/// <summary>The job's connections: without its certificate, and with it. Both trust the servers of <c>trust.pem</c> and nobody else.</summary>
internal sealed class Connections(Home home) : IDisposable
{
    private readonly Lazy<HttpClient> _plain = new(() => Open(home, certificate: null));
    private readonly Lazy<HttpClient> _withCertificate = new(() => Open(home, ReadCertificate(home)));

    public HttpClient Plain => _plain.Value;

    public HttpClient WithCertificate => _withCertificate.Value;

    public void Dispose()
    {
        foreach (var client in new[] { _plain, _withCertificate }.Where(client => client.IsValueCreated))
        {
            client.Value.Dispose();
        }
    }

    private static X509Certificate2 ReadCertificate(Home home)
    {
        using var key = home.ReadKey(KeyMaker.TlsKey);
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(home.PathOf(KeyMaker.TlsCertificate));
        return certificate.CopyWithPrivateKey(key);
    }

    private static HttpClient Open(Home home, X509Certificate2? certificate)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(home.PathOf("trust.pem"));
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = trust;
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(
                certificate,
                additionalCertificates: null,
                offline: true
            );
        }

        return new(handler) { Timeout = TimeSpan.FromSeconds(10) };
    }
}
