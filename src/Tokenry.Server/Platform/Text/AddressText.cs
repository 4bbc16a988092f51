using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Tokenry.Server.Platform.Text;

/// <summary>
/// An IP address as proxies and resource servers write it: the node of RFC 7239 §6, an IPv4 or IPv6 address with or without a port; IPv6 in brackets or bare.
/// Old IPv4 spellings (<c>010.0.0.1</c>, <c>127.1</c>, <c>1</c>) are refused, because programs read them differently.
/// </summary>
public static class AddressText
{
    private const int LongestIPv4 = 15;

    /// <summary>The address without its port; an IPv4 address mapped into IPv6 becomes IPv4.</summary>
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

        // One colon separates a port; several belong to an IPv6 address, which then has no port.
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

    // Empty, or a colon and the port. RFC 7239 §6.3 also allows obfuscated ports, which start with an underscore.
    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.IsEmpty || (text is [':', _, ..] && text.Length <= 6 && !text[1..].ContainsAnyExceptInRange('0', '9'));
}
