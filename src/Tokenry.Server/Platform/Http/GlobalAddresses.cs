using System.Net;
using System.Net.Sockets;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Whether an address belongs to the public internet (the IANA special-purpose registries), and not to this machine, its network or its cloud's metadata
/// service.
/// </summary>
public static class GlobalAddresses
{
    private static readonly IPNetwork[] NotGlobal =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16", // link-local; the metadata services of clouds, which return the machine's own credentials
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3", // multicast, reserved, broadcast
            "2001::/23", // Teredo, ORCHID and others, which lead to other addresses
            "2001:db8::/32",
            "2002::/16", // 6to4, which encodes any IPv4 address
            "3fff::/20",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    /// <summary>
    /// All allocated IPv6 unicast addresses. Mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), loopback, link-local and private addresses are outside.
    /// </summary>
    private static readonly IPNetwork Unicast = IPNetwork.Parse("2000::/3");

    public static bool Contains(IPAddress address) =>
        // A network treats a mapped address as the IPv4 address inside; no public name needs one.
        !address.IsIPv4MappedToIPv6
        && (address.AddressFamily == AddressFamily.InterNetwork || Unicast.Contains(address))
        && !Array.Exists(NotGlobal, network => network.Contains(address));
}
