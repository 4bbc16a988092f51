using System.Net;

namespace Tokenry.Server.Platform.Certificates;

/// <summary>Where the server speaks TLS with client certificates itself, and how a proxy that does forwards them.</summary>
public sealed class TlsOptions
{
    public static readonly TlsOptions Off = new();

    internal static readonly string[] Keys = ["TlsUrl", "TlsCertificate", "TlsCertificatePasswordFile", "ClientCertificateHeader"];

    /// <summary>The address to listen at, besides <c>urls</c>; <c>null</c> = none.</summary>
    public Uri? Url { get; init; }

    /// <summary>PEM with certificate and key, or PKCS #12; <c>null</c> = Kestrel's own default certificate, else one that is made.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>Of the PKCS #12 or an encrypted key.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Of listed proxies; <c>null</c> = none.</summary>
    public ClientCertificateHeader? ClientCertificateHeader { get; init; }

    /// <summary>Scheme, host and port at which clients with certificates reach the server; <c>null</c> where that is no other place than the issuer.</summary>
    public Uri? Origin { get; init; }

    /// <summary>Whether any request can have a client certificate.</summary>
    public bool SeesCertificates => Url is not null || ClientCertificateHeader is not null;

    /// <summary>Whether a request came in at <see cref="Url"/>, by the port it was accepted at.</summary>
    public bool IsAt(int localPort) => Url is not null && localPort == Url.Port;

    internal static TlsOptions Read(IConfigurationSection section, IConfiguration configuration, string issuer, List<string> faults)
    {
        var url = ReadUrl(section["TlsUrl"], faults);
        if (url is not null && configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            faults.Add("Tokenry:TlsUrl and Kestrel:Endpoints exclude each other: Kestrel then listens at its endpoints alone.");
        }

        var certificate = Path(section, "TlsCertificate", faults);
        var passwordFile = Path(section, "TlsCertificatePasswordFile", faults);
        if (url is { IsLoopback: false } && certificate is null && !HasDefaultCertificate(configuration))
        {
            faults.Add(
                $"Tokenry:TlsUrl '{url.OriginalString}' is reached by others, who need a certificate they can trust: set Tokenry:TlsCertificate to a PEM or PKCS #12 file."
            );
        }

        var setting = section["ClientCertificateHeader"] ?? "none";
        if (!ClientCertificateHeader.TryParse(setting, out var header))
        {
            faults.Add($"Tokenry:ClientCertificateHeader '{setting}' is none of none, nginx, nginx:<header name> and rfc9440.");
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

    /// <summary>
    /// An address that says where to listen and not where to reach it has the issuer's host. One on loopback is told to nobody where the issuer is
    /// elsewhere.
    /// </summary>
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
        // Empty switches off what a lower layer of the configuration sets.
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

        faults.Add($"Tokenry:TlsUrl '{text}' is not https, host and port, such as https://127.0.0.1:7643 or https://0.0.0.0:7643.");
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
            faults.Add($"Tokenry:{key}: there is no file {path}.");
        }

        return path;
    }
}
