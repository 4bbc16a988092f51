using System.Buffers;
using System.Text;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A signed token in compact serialization (RFC 7515 §7.1), <c>header.payload.signature</c>: parsed but not verified yet. The parser does not accept encrypted
/// tokens (five parts) or JSON serializations.
/// </summary>
public readonly ref struct CompactJws
{
    /// <summary>
    /// The longest token, in bytes: the server issues none that is longer, and no reader accepts one. With <c>Authorization: Bearer </c> before it, it still
    /// fits the header buffers of common proxies and servers (nginx 8,192 bytes a line, Apache 8,190).
    /// </summary>
    public const int MaxLength = 8000;

    private CompactJws(JwsHeader header, ReadOnlySpan<byte> signingInput, byte[] payload, byte[] signature)
    {
        Header = header;
        SigningInput = signingInput;
        Payload = payload;
        Signature = signature;
    }

    /// <summary>The protected header.</summary>
    public JwsHeader Header { get; }

    /// <summary>The ASCII bytes that the signature covers: everything before the second dot. Borrowed from the token.</summary>
    public ReadOnlySpan<byte> SigningInput { get; }

    /// <summary>The decoded payload. Do not trust it before <see cref="IsSignedBy"/> returned true.</summary>
    public byte[] Payload { get; }

    /// <summary>The decoded signature, of any length, also empty.</summary>
    public byte[] Signature { get; }

    /// <summary>
    /// Parses a token; total. False if it is longer than <see cref="MaxLength"/>, does not have exactly three parts, a part is not strict base64url, or
    /// <see cref="JwsHeader"/> does not accept the header. It uses no keys.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> token, out CompactJws jws) => TryParse(token, bringsKey: false, out jws);

    /// <summary>Like the other overload; with <paramref name="bringsKey"/> for a proof of possession, whose header contains its public key.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> token, bool bringsKey, out CompactJws jws)
    {
        jws = default;
        if (token.Length > MaxLength || token.Count((byte)'.') != 2)
        {
            return false;
        }

        var first = token.IndexOf((byte)'.');
        var second = token.LastIndexOf((byte)'.');
        if (
            !StrictBase64Url.TryDecode(token[..first], out var headerBytes)
            || !StrictBase64Url.TryDecode(token[(first + 1)..second], out var payload)
            || !StrictBase64Url.TryDecode(token[(second + 1)..], out var signature)
            || !JwsHeader.TryParse(headerBytes, bringsKey, out var header)
        )
        {
            return false;
        }

        jws = new CompactJws(header, token[..second], payload, signature);
        return true;
    }

    /// <summary>Like the other overloads, for a token as text; a character outside ASCII makes it malformed.</summary>
    /// <param name="token">The text.</param>
    /// <param name="buffer">Buffer for its bytes, which the JWS borrows; a text longer than this is refused.</param>
    /// <param name="bringsKey">Whether the header contains the key.</param>
    /// <param name="jws">The parsed token.</param>
    internal static bool TryParse(ReadOnlySpan<char> token, Span<byte> buffer, bool bringsKey, out CompactJws jws)
    {
        jws = default;
        return token.Length <= buffer.Length
            && Ascii.FromUtf16(token, buffer, out var written) == OperationStatus.Done
            && TryParse(buffer[..written], bringsKey, out jws);
    }

    /// <summary>True if the header names the key's algorithm and the signature verifies with the key.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return string.Equals(Header.Algorithm, key.Algorithm, StringComparison.Ordinal) && key.Verify(SigningInput, Signature);
    }
}
