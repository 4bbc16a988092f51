namespace Tokenry.Server.Platform.Settings;

/// <summary><c>Tokenry:AllowedHosts</c>: the host names under which the server serves pages, as in a <c>Host</c> header without the port.</summary>
internal static class AllowedHostsSetting
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>The configured hosts; if none is configured, the issuer's host and loopback.</summary>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> listed, string issuer, List<string> faults)
    {
        foreach (var host in listed)
        {
            if (Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown)
            {
                faults.Add(
                    $"Tokenry:AllowedHosts '{host}' is not a host name or an address such as tokens.example.com; a port does not belong to it."
                );
            }
        }

        return listed.Count > 0 ? listed
            : Uri.TryCreate(issuer, UriKind.Absolute, out var uri) ? [uri.Host, .. Loopback]
            : Loopback;
    }
}
