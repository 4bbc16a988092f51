using System.Net;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>The leg of a request's way that its client itself spoke on: from which address, and whether in clear.</summary>
/// <param name="Address">The peer, or the client a listed proxy vouches for; IPv4 even where it came mapped into IPv6.</param>
/// <param name="IsInClear">Plain http between two machines.</param>
/// <param name="IsFromProxy">Whether the peer is a listed proxy, whose forwarded headers count.</param>
public readonly record struct ClientLeg(IPAddress? Address, bool IsInClear, bool IsFromProxy)
{
    /// <summary>Empty elements of a list mean nothing (RFC 9110 §5.6.1.2).</summary>
    private const StringSplitOptions ListElements = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    /// <summary>Whether a listed proxy says that the client did not speak TLS, even if it is on the same machine.</summary>
    public bool IsToldPlain { get; private init; }

    public static ClientLeg Of(HttpContext context, IReadOnlyList<IPNetwork> proxies)
    {
        var peer = Unmap(context.Connection.RemoteIpAddress);
        if (!IsProxy(peer, proxies))
        {
            // What it says of others nobody vouches for. Without an address: a Unix socket.
            return new(peer, IsInClear: !context.Request.IsHttps && peer is not null && !IPAddress.IsLoopback(peer), IsFromProxy: false);
        }

        var (address, hops) = BehindProxies(peer, context.Request.Headers["X-Forwarded-For"].ToString(), proxies);
        var isLocal = address is not null && IPAddress.IsLoopback(address);
        var isToldPlain = SaysPlainHttp(context.Request.Headers["X-Forwarded-Proto"].ToString(), hops);
        return new(address, IsInClear: !isLocal && isToldPlain, IsFromProxy: true) { IsToldPlain = isToldPlain };
    }

    // From the right: the first address that is no listed proxy. What stands further left anybody may have written.
    private static (IPAddress? Address, int Hops) BehindProxies(IPAddress? peer, string forwardedFor, IReadOnlyList<IPNetwork> proxies)
    {
        var forwarded = forwardedFor.Split(',', ListElements);
        var (address, hops) = (peer, 0);
        for (var i = forwarded.Length - 1; i >= 0 && IsProxy(address, proxies); i--)
        {
            // What cannot be read is nobody's address, and not the proxy's: limits by address must not open for it.
            (address, hops) = (AddressText.TryParse(forwarded[i], out var hop) ? hop : null, hops + 1);
        }

        return (address, hops);
    }

    /// <summary>
    /// Each listed proxy wrote at most one word, the client's own stand further left: of the last <paramref name="hops"/> the first is about
    /// the client's leg. A proxy that says nothing is taken to speak TLS; a word that is neither <c>https</c> nor <c>wss</c>, which some proxies say of
    /// WebSockets, is not.
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
