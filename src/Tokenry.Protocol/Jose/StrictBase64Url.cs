using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// base64url as JOSE writes it (RFC 7515 §2, RFC 4648 §5 with §3.5): no padding, no white space, no foreign characters, and zeros in the unused bits of the
/// last character. So a byte string has exactly one text. The framework's decoder accepts more.
/// </summary>
public static class StrictBase64Url
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);
    private static readonly SearchValues<byte> AsciiCharacters = SearchValues.Create([.. Alphabet.Select(character => (byte)character)]);

    /// <summary>The text of <paramref name="bytes"/>.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>Reads <paramref name="text"/>; the empty text gives no bytes. False if it is not canonical base64url.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = IsShaped(text) ? new byte[DecodedLength(text.Length)] : null;
        if (bytes is not null && !TryDecode(text, bytes, out _))
        {
            bytes = null;
        }

        return bytes is not null;
    }

    /// <summary>Reads ASCII text; see <see cref="TryDecode(ReadOnlySpan{char}, out byte[])"/>.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> ascii, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = IsShaped(ascii) ? new byte[DecodedLength(ascii.Length)] : null;
        if (bytes is not null && Base64Url.DecodeFromUtf8(ascii, bytes, out _, out _) != OperationStatus.Done)
        {
            bytes = null;
        }

        return bytes is not null;
    }

    /// <summary>
    /// Reads <paramref name="text"/> into the start of <paramref name="destination"/>. False, with <paramref name="written"/> 0, if it is malformed or too
    /// long.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination, out int written)
    {
        written = 0;
        if (!IsShaped(text) || DecodedLength(text.Length) > destination.Length)
        {
            return false;
        }

        if (Base64Url.DecodeFromChars(text, destination, out _, out written) == OperationStatus.Done)
        {
            return true;
        }

        written = 0;
        return false;
    }

    private static int DecodedLength(int characters) => (int)((long)characters * 3 / 4);

    private static bool IsShaped(ReadOnlySpan<char> text) => text.Length % 4 != 1 && !text.ContainsAnyExcept(Characters);

    private static bool IsShaped(ReadOnlySpan<byte> ascii) => ascii.Length % 4 != 1 && !ascii.ContainsAnyExcept(AsciiCharacters);
}
