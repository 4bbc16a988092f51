using System.Net;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>The last connection that the client itself used: its address, and whether it was plain http.</summary>
/// <param name="Address">The peer, or the client that a trusted proxy names; an IPv4 address mapped into IPv6 becomes IPv4.</param>
/// <param name="IsInClear">Whether it was plain http between two machines.</param>
/// <param name="IsFromProxy">Whether the peer is a trusted proxy, whose forwarded headers count.</param>
public readonly record struct ClientLeg(IPAddress? Address, bool IsInClear, bool IsFromProxy)
{
    /// <summary>RFC 9110 §5.6.1.2: empty elements of a list are ignored.</summary>
    private const StringSplitOptions ListElements = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    /// <summary>Whether a trusted proxy says that the client used plain http, even on the same machine.</summary>
    public bool IsToldPlain { get; private init; }

    public static ClientLeg Of(HttpContext context, IReadOnlyList<IPNetwork> proxies)
    {
        var peer = Unmap(context.Connection.RemoteIpAddress);
        if (!IsProxy(peer, proxies))
        {
            // Forwarded headers of an untrusted peer do not count. A peer without an address is a Unix socket.
            return new(peer, IsInClear: !context.Request.IsHttps && peer is not null && !IPAddress.IsLoopback(peer), IsFromProxy: false);
        }

        var (address, hops) = BehindProxies(peer, context.Request.Headers["X-Forwarded-For"].ToString(), proxies);
        var isLocal = address is not null && IPAddress.IsLoopback(address);
        var isToldPlain = SaysPlainHttp(context.Request.Headers["X-Forwarded-Proto"].ToString(), hops);
        return new(address, IsInClear: !isLocal && isToldPlain, IsFromProxy: true) { IsToldPlain = isToldPlain };
    }

    // Reads from the right up to the first address that is not a trusted proxy. Any client may have written the addresses left of it.
    private static (IPAddress? Address, int Hops) BehindProxies(IPAddress? peer, string forwardedFor, IReadOnlyList<IPNetwork> proxies)
    {
        var forwarded = forwardedFor.Split(',', ListElements);
        var (address, hops) = (peer, 0);
        for (var i = forwarded.Length - 1; i >= 0 && IsProxy(address, proxies); i--)
        {
            // An unreadable entry gives no address. The proxy's own address would open limits by address.
            (address, hops) = (AddressText.TryParse(forwarded[i], out var hop) ? hop : null, hops + 1);
        }

        return (address, hops);
    }

    /// <summary>
    /// Each trusted proxy added at most one word, and the client's own words are left of these. So the first of the last <paramref name="hops"/> words
    /// describes the client's connection. Without a word, TLS is assumed. Words other than <c>https</c> and <c>wss</c>, which some proxies send for WebSockets,
    /// mean plain http.
    /// </summary>
    private static bool SaysPlainHttp(string forwardedProto, int hops)
    {
        var words = forwardedProto.Split(',', ListElements);
        if (words.Length == 0)
        {
            return false;
        }

        var word = words[Math.Max(0, words.Length - Math.Max(1, hops))];
        return !word.Equals("https", StringComparison.OrdinalIgnoreCase) && !word.Equals("wss", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsProxy(IPAddress? address, IReadOnlyList<IPNetwork> proxies)
    {
        if (address is not null)
        {
            foreach (var network in proxies)
            {
                if (network.Contains(address))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static IPAddress? Unmap(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
