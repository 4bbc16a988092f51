using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720 appendix B.4: reflected, initial and final XOR <c>0xFFFFFFFF</c>). It rejects typing errors and scanner noise without a
/// look-up. Anyone can compute it, so it proves nothing about the origin of a text.
/// </summary>
public static class Crc32C
{
    /// <summary>The checksum of the ASCII bytes of <paramref name="ascii"/>; 0 for no characters.</summary>
    /// <exception cref="ArgumentException">A character is outside ASCII, so its bytes are not defined here.</exception>
    public static uint Compute(ReadOnlySpan<char> ascii)
    {
        Span<byte> buffer = stackalloc byte[128];
        var crc = uint.MaxValue;
        while (!ascii.IsEmpty)
        {
            var taken = Math.Min(ascii.Length, buffer.Length);
            if (Ascii.FromUtf16(ascii[..taken], buffer, out _) != System.Buffers.OperationStatus.Done)
            {
                throw new ArgumentException("Only ASCII characters have a checksum.", nameof(ascii));
            }

            crc = Append(crc, buffer[..taken]);
            ascii = ascii[taken..];
        }

        buffer.Clear();
        return ~crc;
    }

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
