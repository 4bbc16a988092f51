using System.Net;
using System.Net.Sockets;

namespace Tokenry.Server.Platform.Http;

/// <summary>Which addresses are of the public internet (the IANA special-purpose registries): not this machine, its network, its cloud's metadata.</summary>
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
            "169.254.0.0/16", // link-local, and where clouds answer with their machines' own credentials
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3", // multicast, reserved, broadcast
            "2001::/23", // Teredo, ORCHID and others that lead elsewhere
            "2001:db8::/32",
            "2002::/16", // 6to4: any IPv4 address, written otherwise
            "3fff::/20",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    /// <summary>All of IPv6 that is given out. Mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), loopback, link-local and private lie outside.</summary>
    private static readonly IPNetwork Unicast = IPNetwork.Parse("2000::/3");

    public static bool Contains(IPAddress address) =>
        // Which a network takes for the IPv4 address within, and no name has to be written in.
        !address.IsIPv4MappedToIPv6
        && (address.AddressFamily == AddressFamily.InterNetwork || Unicast.Contains(address))
        && !Array.Exists(NotGlobal, network => network.Contains(address));
}
