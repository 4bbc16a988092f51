using System.Net;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>The server's own TLS listener for client certificates, and how a TLS proxy forwards them.</summary>
public sealed class TlsOptions
{
    public static readonly TlsOptions Off = new();

    internal static readonly string[] Keys = ["TlsUrl", "TlsCertificate", "TlsCertificatePasswordFile", "ClientCertificateHeader"];

    /// <summary>The listening address besides <c>urls</c>; <c>null</c> = none.</summary>
    public Uri? Url { get; init; }

    /// <summary>
    /// A file with certificate and key in PEM, or PKCS #12. <c>null</c> = Kestrel's default certificate, or else one that the server creates.
    /// </summary>
    public string? CertificatePath { get; init; }

    /// <summary>File with the password of the PKCS #12 file or the encrypted key.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The header of trusted proxies; <c>null</c> = none.</summary>
    public ClientCertificateHeader? ClientCertificateHeader { get; init; }

    /// <summary>Scheme, host and port at which clients with certificates reach the server; <c>null</c> if that is the issuer.</summary>
    public Uri? Origin { get; init; }

    /// <summary>Whether a request can have a client certificate.</summary>
    public bool SeesCertificates => Url is not null || ClientCertificateHeader is not null;

    /// <summary>Whether a request came in at <see cref="Url"/>; its local port shows this.</summary>
    public bool IsAt(int localPort) => Url is not null && localPort == Url.Port;

    internal static TlsOptions Read(IConfigurationSection section, IConfiguration configuration, string issuer, List<string> faults)
    {
        var url = ReadUrl(section["TlsUrl"], faults);
        if (url is not null && configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            faults.Add("Set Tokenry:TlsUrl or Kestrel:Endpoints, not both: Kestrel would listen only at its endpoints.");
        }

        var certificate = Path(section, "TlsCertificate", faults);
        var passwordFile = Path(section, "TlsCertificatePasswordFile", faults);
        if (url is { IsLoopback: false } && certificate is null && !HasDefaultCertificate(configuration))
        {
            faults.Add(
                $"Tokenry:TlsUrl '{url.OriginalString}' is not a loopback address, so clients need a certificate that they trust. Set Tokenry:TlsCertificate to a PEM or PKCS #12 file."
            );
        }

        var setting = section["ClientCertificateHeader"] ?? "none";
        if (!ClientCertificateHeader.TryParse(setting, out var header))
        {
            faults.Add($"Tokenry:ClientCertificateHeader '{setting}' must be none, nginx, nginx:<header name> or rfc9440.");
        }

        return new TlsOptions
        {
            Url = url,
            CertificatePath = certificate,
            PasswordFile = passwordFile,
            ClientCertificateHeader = header,
            Origin = url is null || !Uri.TryCreate(issuer, UriKind.Absolute, out var main) ? null : OriginOf(url, main),
        };
    }

    internal static bool HasDefaultCertificate(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Certificates:Default").GetChildren().Any();

    /// <summary>A wildcard listening address gets the issuer's host. A loopback address is not published if the issuer is on another host.</summary>
    private static Uri? OriginOf(Uri url, Uri issuer)
    {
        if (url.IsLoopback && !issuer.IsLoopback)
        {
            return null;
        }

        var isAny =
            IPAddress.TryParse(url.DnsSafeHost, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        var origin = new UriBuilder(Uri.UriSchemeHttps, isAny ? issuer.DnsSafeHost : url.DnsSafeHost, url.Port).Uri;
        return origin.GetLeftPart(UriPartial.Authority) == issuer.GetLeftPart(UriPartial.Authority) ? null : origin;
    }

    private static Uri? ReadUrl(string? text, List<string> faults)
    {
        // An empty value switches off the setting of a lower configuration layer.
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (
            Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url is { Scheme: "https", PathAndQuery: "/", Fragment: "", UserInfo: "", Port: > 0 }
        )
        {
            return url;
        }

        faults.Add(
            $"Tokenry:TlsUrl '{text}' must be https with a host and a port, such as https://127.0.0.1:7643 or https://0.0.0.0:7643."
        );
        return null;
    }

    private static string? Path(IConfigurationSection section, string key, List<string> faults)
    {
        if (string.IsNullOrEmpty(section[key]))
        {
            return null;
        }

        var path = System.IO.Path.GetFullPath(section[key]!);
        if (!File.Exists(path))
        {
            faults.Add($"Tokenry:{key}: the file {path} does not exist.");
        }

        return path;
    }
}
