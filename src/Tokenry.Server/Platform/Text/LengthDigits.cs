using System.Text;

namespace Tokenry.Server.Platform.Text;

/// <summary>
/// Makes Kestrel read <c>Content-Length</c> as RFC 9112 §6.2 requires, digits only. Kestrel itself also accepts a sign, which proxies read differently. This
/// encoding turns every other byte into a character that no number has, so that the request answers 400.
/// </summary>
internal sealed class LengthDigits : Encoding
{
    private const char NoDigit = '\uFFFD';

    private static readonly LengthDigits Instance = new();

    /// <summary>
    /// For <see cref="Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions.RequestHeaderEncodingSelector"/>; <c>null</c> = the default, for all other
    /// headers.
    /// </summary>
    public static Encoding? Select(string header) => header.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? Instance : null;

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        throw new NotSupportedException("Lengths are read, not written.");

    public override int GetCharCount(byte[] bytes, int index, int count) => count;

    public override int GetCharCount(ReadOnlySpan<byte> bytes) => bytes.Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <summary>Writes at most as many characters as fit: Kestrel's buffer has one digit more than the largest length.</summary>
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
