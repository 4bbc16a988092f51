using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// Fixed-width base62: the alphabet <c>0-9A-Za-z</c> in ASCII order, big-endian, zero-padded on the left. Fixed width and ascending alphabet make the texts
/// sort (ordinally) like the numbers, and give each value exactly one text.
/// </summary>
/// <remarks>
/// The work depends only on the width, never on the value: an early exit could reveal where a secret differs. The arithmetic runs on 32-bit limbs, five digits
/// at a time (62^5 is the largest power of 62 below 2^32), and allocates nothing.
/// </remarks>
public static class Base62
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int DigitsPerChunk = 5;
    private const uint ChunkBase = 916_132_832; // 62^5
    private const int MaxBytes = 64;
    private const byte Foreign = byte.MaxValue;

    private static readonly byte[] DigitOf = DigitTable();

    /// <summary>The number of characters that hold any value of <paramref name="byteCount"/> bytes: 4 → 6, 16 → 22, 32 → 43.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="byteCount"/> is not a multiple of 4 in 4…64.</exception>
    public static int Width(int byteCount)
    {
        if (byteCount is < 4 or > MaxBytes || byteCount % 4 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(byteCount), byteCount, "The number must be a multiple of 4 between 4 and 64.");
        }

        // 1/log2(62) = 0.167949…; in this range no product is so near to a whole number that rounding errors matter.
        return (int)Math.Ceiling(byteCount * 8 * 0.16794877553120527);
    }

    /// <summary>Writes <paramref name="bytes"/>, read as one big-endian number; the text fills <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is not exactly <see cref="Width"/> characters long.</exception>
    public static void Encode(ReadOnlySpan<byte> bytes, Span<char> destination)
    {
        if (destination.Length != Width(bytes.Length))
        {
            throw new ArgumentException($"{bytes.Length} bytes take {Width(bytes.Length)} characters.", nameof(destination));
        }

        Span<uint> storage = stackalloc uint[MaxBytes / sizeof(uint)];
        var limbs = storage[..(bytes.Length / sizeof(uint))];
        for (var i = 0; i < limbs.Length; i++)
        {
            limbs[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * sizeof(uint))..]);
        }

        for (var end = destination.Length; end > 0; )
        {
            var remainder = DivideByChunk(limbs);
            for (var stop = Math.Max(0, end - DigitsPerChunk); end > stop; remainder /= 62)
            {
                destination[--end] = Alphabet[(int)(remainder % 62)];
            }
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(limbs));
    }

    /// <summary>
    /// Reads <paramref name="text"/> into <paramref name="destination"/>. False, with <paramref name="destination"/> zeroed, if the width is not
    /// <see cref="Width"/>, a character is outside the alphabet, or the value is too large for the bytes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The length of <paramref name="destination"/> is not a multiple of 4 in 4…64.</exception>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        if (text.Length != Width(destination.Length))
        {
            destination.Clear();
            return false;
        }

        Span<uint> storage = stackalloc uint[MaxBytes / sizeof(uint)];
        var limbs = storage[..(destination.Length / sizeof(uint))];
        limbs.Clear();
        var foreign = false;
        uint overflow = 0;
        var length = text.Length % DigitsPerChunk;
        for (var start = 0; start < text.Length; start += length, length = DigitsPerChunk)
        {
            length = length == 0 ? DigitsPerChunk : length;
            uint value = 0;
            uint scale = 1;
            foreach (var character in text.Slice(start, length))
            {
                var digit = character < DigitOf.Length ? DigitOf[character] : Foreign;
                foreign |= digit == Foreign;
                value = unchecked((value * 62) + digit);
                scale *= 62;
            }

            overflow |= MultiplyAdd(limbs, scale, value);
        }

        var good = !foreign && overflow == 0;
        for (var i = 0; i < limbs.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[(i * sizeof(uint))..], good ? limbs[i] : 0);
        }

        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(limbs));
        return good;
    }

    private static ulong DivideByChunk(Span<uint> limbs)
    {
        ulong remainder = 0;
        foreach (ref var limb in limbs)
        {
            var current = (remainder << 32) | limb;
            limb = (uint)(current / ChunkBase);
            remainder = current % ChunkBase;
        }

        return remainder;
    }

    private static uint MultiplyAdd(Span<uint> limbs, uint scale, uint addend)
    {
        ulong carry = addend;
        for (var i = limbs.Length - 1; i >= 0; i--)
        {
            carry += (ulong)limbs[i] * scale;
            limbs[i] = (uint)carry;
            carry >>= 32;
        }

        return (uint)carry;
    }

    private static byte[] DigitTable()
    {
        var table = new byte[128];
        Array.Fill(table, Foreign);
        for (var digit = 0; digit < Alphabet.Length; digit++)
        {
            table[Alphabet[digit]] = (byte)digit;
        }

        return table;
    }
}
