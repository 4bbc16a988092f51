using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Tokenry.Server.Platform.Text;

/// <summary>
/// An address as proxies and resource servers write it: the node of RFC 7239 §6, an IPv4 or IPv6 address with or without a port, the latter in
/// brackets or bare. Old ways to write IPv4 (<c>010.0.0.1</c>, <c>127.1</c>, <c>1</c>), which programs read differently, are no address.
/// </summary>
public static class AddressText
{
    private const int LongestIPv4 = 15;

    /// <summary>The address without its port; IPv4 even where it came mapped into IPv6.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text is ['[', ..])
        {
            var end = text.IndexOf(']');
            if (end < 0 || !IsPort(text[(end + 1)..]))
            {
                address = null;
                return false;
            }

            return TryParse(text[1..end], AddressFamily.InterNetworkV6, out address);
        }

        // One colon is a port's; several are an IPv6 address's, which then has no port.
        var colon = text.IndexOf(':');
        var family = text.Count(':') > 1 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var isAlone = colon < 0 || family == AddressFamily.InterNetworkV6;
        address = null;
        return (isAlone || IsPort(text[colon..])) && TryParse(isAlone ? text : text[..colon], family, out address);
    }

    private static bool TryParse(ReadOnlySpan<char> text, AddressFamily family, [NotNullWhen(true)] out IPAddress? address)
    {
        if (!IPAddress.TryParse(text, out address) || address.AddressFamily != family || !IsWrittenOut(text, address))
        {
            address = null;
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return true;
    }

    private static bool IsWrittenOut(ReadOnlySpan<char> text, IPAddress address)
    {
        Span<char> written = stackalloc char[LongestIPv4];
        return address.AddressFamily != AddressFamily.InterNetwork
            || (address.TryFormat(written, out var length) && text.SequenceEqual(written[..length]));
    }

    // Nothing, or a colon and the port. RFC 7239 §6.3 has obfuscated ports, too, which begin with an underscore.
    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.IsEmpty || (text is [':', _, ..] && text.Length <= 6 && !text[1..].ContainsAnyExceptInRange('0', '9'));
}
