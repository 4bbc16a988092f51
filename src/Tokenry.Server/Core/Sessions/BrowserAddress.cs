using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// The address that a person opens in a browser. It is the issuer, with <c>localhost</c> in place of a loopback address: passkeys need a host name, and a
/// browser keeps the cookies of the two apart.
/// </summary>
public static class BrowserAddress
{
    public static string Of(TokenryOptions options)
    {
        var issuer = new Uri(options.Issuer.Length > 0 ? options.Issuer : TokenryOptions.DefaultUrl);
        var isBare = issuer is { IsLoopback: true, HostNameType: UriHostNameType.IPv4 or UriHostNameType.IPv6 };
        return isBare && options.AllowedHosts.Contains("localhost", StringComparer.OrdinalIgnoreCase)
            ? new UriBuilder(issuer) { Host = "localhost" }.Uri.AbsoluteUri.TrimEnd('/')
            : issuer.AbsoluteUri.TrimEnd('/');
    }
}
