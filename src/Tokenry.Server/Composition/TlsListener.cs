using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Certificates;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary>
/// The address at which clients may present certificates (<c>Tokenry:TlsUrl</c>). The handshake requests a certificate and accepts any: it
/// proves possession of the private key only. Client authentication decides which client the certificate identifies. Other https addresses
/// request none.
/// </summary>
public static class TlsListener
{
    private const string SelfMadeFile = "tls.pem";

    /// <summary>The validity of a self-signed certificate.</summary>
    private static readonly TimeSpan SelfMadeLife = TimeSpan.FromDays(397);

    /// <summary>A server that starts this close to the expiry creates a new certificate.</summary>
    private static readonly TimeSpan SelfMadeRest = TimeSpan.FromDays(30);

    /// <summary>Adds the address to <c>urls</c>.</summary>
    /// <exception cref="StartupException">The certificate cannot be read.</exception>
    public static void Add(IWebHostBuilder host, IConfiguration configuration, TokenryOptions options)
    {
        if (options.Tls.Url is not { } url)
        {
            return;
        }

        var urls = configuration["urls"] ?? TokenryOptions.DefaultUrl;
        var listed = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (!listed.Contains(url.OriginalString.TrimEnd('/'), StringComparer.OrdinalIgnoreCase))
        {
            host.UseUrls([.. listed, url.OriginalString]);
        }

        var certificate =
            options.Tls.CertificatePath is { } path ? Load(path, options.Tls.PasswordFile)
            : TlsOptions.HasDefaultCertificate(configuration) ? null
            : SelfMade(options.Store.DataDirectory);
        host.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => Configure(https, options.Tls, certificate)));
    }

    /// <summary>The file of the self-signed certificate; <c>null</c> if the server uses none.</summary>
    public static string? SelfMadePath(TokenryOptions options)
    {
        var path = Path.Combine(options.Store.DataDirectory, SelfMadeFile);
        return options.Tls is { Url: not null, CertificatePath: null } && File.Exists(path) ? path : null;
    }

    private static void Configure(HttpsConnectionAdapterOptions https, TlsOptions tls, X509Certificate2Collection? certificate)
    {
        if (certificate is not null)
        {
            https.ServerCertificate = certificate[0];
            https.ServerCertificateChain = certificate;
        }

        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = static (certificate, chain, _) =>
        {
            ClientCertificate.Remember(certificate, chain?.ChainPolicy.ExtraStore ?? []);
            return true;
        };
        https.OnAuthenticate = (connection, handshake) =>
        {
            handshake.ClientCertificateRequired = connection.LocalEndPoint is IPEndPoint { Port: var port } && tls.IsAt(port);
            // A resumed session would lack the certificates that the client sent with its own.
            handshake.AllowTlsResume = !handshake.ClientCertificateRequired;
            // The framework always builds a chain, and by default it downloads from URLs in the client's certificate.
            handshake.CertificateChainPolicy = new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
            };
        };
    }

    private static X509Certificate2Collection Load(string path, string? passwordFile)
    {
        try
        {
            var password = passwordFile is null ? null : File.ReadAllText(passwordFile).TrimEnd('\r', '\n');
            var text = File.ReadAllBytes(path);
            return text.AsSpan().IndexOf("-----BEGIN"u8) >= 0 ? FromPem(path, password) : FromPkcs12(text, password);
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"Tokenry:TlsCertificate {path} cannot be used: {exception.Message}");
        }
    }

    /// <summary>Reads the certificate with its private key first, then the other certificates of the file.</summary>
    private static X509Certificate2Collection FromPem(string path, string? password)
    {
        var own = password is null ? X509Certificate2.CreateFromPemFile(path) : X509Certificate2.CreateFromEncryptedPemFile(path, password);
        var others = new X509Certificate2Collection();
        others.ImportFromPemFile(path);
        return [own, .. others.Where(other => other.Thumbprint != own.Thumbprint)];
    }

    private static X509Certificate2Collection FromPkcs12(byte[] bytes, string? password)
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
        var own =
            all.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("it holds no private key");
        return [own, .. all.Where(other => other != own)];
    }

    /// <summary>Creates a certificate for a loopback address, for trials: a client trusts it by naming the file (<c>curl --cacert</c>).</summary>
    private static X509Certificate2Collection SelfMade(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, SelfMadeFile);
        var now = TimeProvider.System.GetUtcNow();
        if (File.Exists(path))
        {
            var kept = Load(path, passwordFile: null);
            if (kept[0].NotAfter.ToUniversalTime() > now.UtcDateTime + SelfMadeRest)
            {
                return kept;
            }
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var made = request.CreateSelfSigned(now - TimeSpan.FromMinutes(5), now + SelfMadeLife);
        var pem = $"{made.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
        try
        {
            PrivateFile.Write(path, Encoding.ASCII.GetBytes(pem), overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The certificate {path} cannot be written: {exception.Message}");
        }

        return Load(path, passwordFile: null);
    }
}
