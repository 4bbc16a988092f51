using System.Text;

namespace Tokenry.Server.Platform.Text;

/// <summary>
/// How Kestrel is made to read <c>Content-Length</c> as RFC 9112 §6.2 has it, digits alone: by itself it takes a sign, on which proxies disagree. Any other
/// byte becomes a character that is no number's, and so the request is 400.
/// </summary>
internal sealed class LengthDigits : Encoding
{
    private const char NoDigit = '\uFFFD';

    private static readonly LengthDigits Instance = new();

    /// <summary>For <see cref="Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions.RequestHeaderEncodingSelector"/>; the default for all other headers.</summary>
    public static Encoding? Select(string header) => header.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? Instance : null;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        throw new NotSupportedException("Lengths are read, not written.");

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetCharCount(ReadOnlySpan<byte> bytes) => bytes.Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <summary>No more than there is room for: Kestrel has room for one digit more than the largest length has.</summary>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var count = Math.Min(bytes.Length, chars.Length);
        for (var i = 0; i < count; i++)
        {
            chars[i] = bytes[i] is >= (byte)'0' and <= (byte)'9' ? (char)bytes[i] : NoDigit;
        }

        return count;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;
}
