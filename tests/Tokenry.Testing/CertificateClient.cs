using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tokenry.Testing;

/// <summary>Clients that present a TLS client certificate to a server on this machine, and the names of certificates.</summary>
public static class CertificateClient
{
    /// <param name="address">Of https; its certificate says localhost.</param>
    /// <param name="certificate">With its key; null presents none.</param>
    /// <param name="sent">What is sent with it.</param>
    public static ApiClient To(string address, X509Certificate2? certificate, params X509Certificate2[] sent)
    {
        var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
        };
        // What every server of these tests has; who it is, is not what they are about.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, _, _) => server?.Subject == "CN=localhost";
        if (certificate is not null)
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, [.. sent], offline: true);
        return new ApiClient(address, handler: handler);
    }

    /// <summary>Registers a certificate of the application; any, if none is named.</summary>
    public static Task<ApiResponse> CreateCertificateAsync(this ApiClient admin, string applicationId, X509Certificate2? certificate = null)
    {
        var pem = (certificate ?? TestAuthority.SelfSigned()).ExportCertificatePem();
        return admin
            .PostAsync(
                $"/v1/applications/{applicationId}/certificates",
                new { name = CreateRequests.Unique("certificate"), certificate = pem }
            )
            .Expect(201);
    }

    /// <summary>RFC 8705 §3.1, computed here once more.</summary>
    public static string X5t(this X509Certificate2 certificate) =>
        Convert.ToBase64String(SHA256.HashData(certificate.RawData)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>As nginx's <c>$ssl_client_escaped_cert</c>.</summary>
    public static string EscapedPem(this X509Certificate2 certificate) => Uri.EscapeDataString(certificate.ExportCertificatePem() + "\n");

    /// <summary>As RFC 9440's <c>Client-Cert</c>.</summary>
    public static string ByteSequence(this X509Certificate2 certificate) => $":{Convert.ToBase64String(certificate.RawData)}:";
}
