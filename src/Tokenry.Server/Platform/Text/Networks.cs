using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tokenry.Server.Platform.Text;

/// <summary>The /24 or /64 of an address: the network that one holder usually has.</summary>
public static class Networks
{
    /// <summary>The network as a number, without allocating; 0 without an address.</summary>
    public static ulong Key(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is null || !address.TryWriteBytes(bytes, out var length))
        {
            return 0;
        }

        return length == 4 ? 1UL << 32 | BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8 : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>The network as CIDR text, <c>203.0.113.0/24</c>; empty without an address.</summary>
    public static string Name(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            bytes[3] = 0;
            return $"{new IPAddress(bytes[..4])}/24";
        }

        bytes[8..].Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
