using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// The public id of a record: <c>{prefix}_</c> and the 22 base62 characters of a UUIDv7 (RFC 9562 §5.7), e.g. <c>key_02x5…</c>. Ids of one prefix sort by
/// creation time. They are not secret.
/// </summary>
public static class PublicId
{
    private const int Bytes = 16;
    private const char Separator = '_';
    private const int CounterBits = 12;
    private const ulong Variant = 0x8000_0000_0000_0000;
    private const ulong RandomMask = 0x3FFF_FFFF_FFFF_FFFF;
    private const long MaxMilliseconds = (1L << 48) - 1;

    // How far the sequence may be ahead of the clock before it follows the clock back, in units of 1/4096 ms: ten seconds.
    private const long MaxLead = 10_000L << CounterBits;

    private const int DrawnAtOnce = 64 * sizeof(ulong);

    private static long lastInstant;

    [ThreadStatic]
    private static byte[]? drawn;

    [ThreadStatic]
    private static int used;

    /// <summary>The id from <paramref name="prefix"/> (without the underscore: <c>key</c>) and <paramref name="id"/>.</summary>
    public static string Create(string prefix, UInt128 id)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return string.Create(
            prefix.Length + 1 + CredentialString.IdLength,
            (prefix, id),
            static (span, state) =>
            {
                state.prefix.CopyTo(span);
                span[state.prefix.Length] = Separator;
                Encode(state.id, span[(state.prefix.Length + 1)..]);
            }
        );
    }

    /// <summary>
    /// A new UUIDv7 as the number of its 16 bytes in network order: 48 bits of Unix milliseconds, then 12 bits of the fraction of the millisecond (RFC 9562
    /// §6.2, method 3), then 62 random bits. Within a process the first 60 bits strictly ascend, also for two calls in one instant. Only if the clock goes back
    /// by more than ten seconds, they follow it. Thread-safe.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="now"/> is before 1970 or after the year 10889.</exception>
    public static UInt128 NewUuid7(DateTimeOffset now)
    {
        var ticks = (now - DateTimeOffset.UnixEpoch).Ticks;
        ArgumentOutOfRangeException.ThrowIfNegative(ticks, nameof(now));
        var milliseconds = ticks / TimeSpan.TicksPerMillisecond;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, MaxMilliseconds, nameof(now));

        var fraction = (ticks % TimeSpan.TicksPerMillisecond << CounterBits) / TimeSpan.TicksPerMillisecond;
        var instant = (ulong)Advance((milliseconds << CounterBits) | fraction);
        var high = (instant >> CounterBits << 16) | 0x7000 | (instant & 0xFFF);

        var low = Variant | (NextRandom() & RandomMask);
        return new UInt128(high, low);
    }

    // Draws many numbers at once: every request has an id, and a system call costs a microsecond. Ids are not secret; secrets use their own draws.
    private static ulong NextRandom()
    {
        drawn ??= new byte[DrawnAtOnce];
        if (used == 0)
        {
            RandomNumberGenerator.Fill(drawn);
        }

        var next = BinaryPrimitives.ReadUInt64BigEndian(drawn.AsSpan(used));
        used = (used + sizeof(ulong)) % DrawnAtOnce;
        return next;
    }

    /// <summary>True for <paramref name="prefix"/> (without underscore), an underscore, and 22 base62 characters below 2^128.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix) => TryParse(text, prefix, out _);

    /// <summary>Like <see cref="IsWellFormed"/>; also returns the number.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, ReadOnlySpan<char> prefix, out UInt128 id)
    {
        id = default;
        return text.Length == prefix.Length + 1 + CredentialString.IdLength
            && text.StartsWith(prefix, StringComparison.Ordinal)
            && text[prefix.Length] == Separator
            && TryDecode(text[(prefix.Length + 1)..], out id);
    }

    /// <summary>The creation time of a UUIDv7, in Unix milliseconds.</summary>
    public static long MillisecondsOf(UInt128 id) => (long)(ulong)(id >> (128 - 48));

    /// <summary>The 22 base62 characters of <paramref name="id"/>, without prefix.</summary>
    public static string Encode(UInt128 id) => string.Create(CredentialString.IdLength, id, static (span, value) => Encode(value, span));

    /// <summary>Reads 22 base62 characters. False for another length, a foreign character or a value of 2^128 or more.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        var decoded = Base62.TryDecode(text, bytes);
        id = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return decoded;
    }

    internal static void Encode(UInt128 id, Span<char> destination)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        Base62.Encode(bytes, destination);
    }

    private static long Advance(long instant)
    {
        while (true)
        {
            var last = Volatile.Read(ref lastInstant);
            var next = instant > last || last - instant > MaxLead ? instant : last + 1;
            if (Interlocked.CompareExchange(ref lastInstant, next, last) == last)
            {
                return next;
            }
        }
    }
}
