using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Thermostat;

/// <summary>Who this device is, and whom it talks to.</summary>
/// <param name="ClientId">Its application's id.</param>
/// <param name="TokenEndpoint">Where it gets tokens, by its certificate.</param>
/// <param name="Hub">Where it reports.</param>
/// <param name="Trust">File with the certificates of both.</param>
internal sealed record Device(string ClientId, string TokenEndpoint, string Hub, string Trust)
{
    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string Folder { get; private init; } = "";

    public static Device Open(string folder) =>
        JsonSerializer.Deserialize<Device>(File.ReadAllText(Path.Combine(folder, "device.json")), Json)! with
        {
            Folder = folder,
        };

    /// <summary>Connections that present the device's certificate and trust the two servers alone.</summary>
    public HttpClient Connect()
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(Trust);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = trust;
        handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPemFile(Path.Combine(Folder, "device.pem")),
            additionalCertificates: null,
            offline: true
        );
        return new(handler) { Timeout = TimeSpan.FromSeconds(10) };
    }
}
