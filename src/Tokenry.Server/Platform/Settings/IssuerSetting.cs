using System.Net;
using System.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Reads <c>Tokenry:Issuer</c>, or derives it from the addresses at which the server listens.</summary>
internal static class IssuerSetting
{
    public static string Read(string? configured, string urls, List<string> faults)
    {
        if (configured is not null)
        {
            if (!Ascii.IsValid(configured))
            {
                faults.Add(NotAscii(configured));
            }
            else if (
                !Uri.TryCreate(configured, UriKind.Absolute, out var uri)
                || uri.Scheme is not ("https" or "http")
                || configured.AsSpan().IndexOfAny('?', '#') >= 0
                || configured.EndsWith('/')
                || uri.UserInfo.Length > 0
            )
            {
                faults.Add($"Tokenry:Issuer '{configured}' is not an http(s) address without user, query, fragment and closing slash.");
            }
            else if (uri.Scheme == "http" && !uri.IsLoopback)
            {
                faults.Add($"Tokenry:Issuer '{configured}' is plain http and not loopback. Tokens would travel in clear: use https.");
            }

            return configured;
        }

        var all = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => !url.StartsWith("http://unix:", StringComparison.OrdinalIgnoreCase))
            .Select(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Port != 0 && !IsAnyAddress(uri) ? uri : null)
            .ToList();
        var https = all.Where(uri => uri is { Scheme: "https" }).ToList();
        var loopback = all.Where(uri => uri is { Scheme: "http", IsLoopback: true }).ToList();
        var candidates = https.Count > 0 ? https : loopback;
        if (candidates is [{ } only] && all.Count == 1)
        {
            var taken = only.GetLeftPart(UriPartial.Authority);
            if (!Ascii.IsValid(taken))
            {
                faults.Add(NotAscii(taken));
            }

            return taken;
        }

        faults.Add(
            $"Tokenry:Issuer is not set and cannot be taken from the addresses '{urls}': set it to the address clients reach this server at, "
                + "such as https://tokens.example.com."
        );
        return "";
    }

    private static string NotAscii(string issuer) =>
        $"Tokenry:Issuer '{issuer}' is not ASCII, and headers carry nothing else. Write the host in punycode"
        + (Punycode(issuer) is { } punycode ? $" ({punycode})" : "")
        + " and the path with percent escapes.";

    private static string? Punycode(string configured) =>
        Uri.TryCreate(configured, UriKind.Absolute, out var uri) && Ascii.IsValid(uri.IdnHost) ? uri.IdnHost : null;

    /// <summary>With <c>0.0.0.0</c> and <c>[::]</c> the server listens on all interfaces; clients cannot use them as an address.</summary>
    private static bool IsAnyAddress(Uri uri) =>
        IPAddress.TryParse(uri.DnsSafeHost, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
}
