using System.Buffers;
using System.Text;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A signed token in compact serialisation (RFC 7515 §7.1): <c>header.payload.signature</c>, taken apart and not yet believed. Encrypted
/// tokens (five parts) and the JSON serialisations are not read at all.
/// </summary>
public readonly ref struct CompactJws
{
    /// <summary>
    /// The longest token, in bytes: the server issues none that is longer, and no reader takes one. With <c>Authorization: Bearer </c> before it,
    /// such a token still fits the header buffers of common proxies and servers (nginx 8,192 bytes a line, Apache 8,190).
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

    /// <summary>The ASCII bytes the signature covers: everything before the second dot. Borrowed from the token.</summary>
    public ReadOnlySpan<byte> SigningInput { get; }

    /// <summary>The decoded payload. Worth nothing before <see cref="IsSignedBy"/> said true.</summary>
    public byte[] Payload { get; }

    /// <summary>The decoded signature; may be of any length, also empty.</summary>
    public byte[] Signature { get; }

    /// <summary>
    /// Takes a token apart; total. False when it is longer than <see cref="MaxLength"/>, has not exactly three parts, a part is not strict
    /// base64url, or the header is not one that <see cref="JwsHeader"/> takes. Nothing is looked up or computed with keys.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> token, out CompactJws jws) => TryParse(token, bringsKey: false, out jws);

    /// <summary>As the other; with <paramref name="bringsKey"/> for a proof of possession, whose header holds the key it proves.</summary>
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

    /// <summary>As the others, for a token held as text; a character outside ASCII makes it no JWS.</summary>
    /// <param name="token">The text.</param>
    /// <param name="buffer">For its bytes, which the JWS borrows; a text longer than this is refused.</param>
    /// <param name="bringsKey">Whether the header holds the key.</param>
    /// <param name="jws">The token, taken apart.</param>
    internal static bool TryParse(ReadOnlySpan<char> token, Span<byte> buffer, bool bringsKey, out CompactJws jws)
    {
        jws = default;
        return token.Length <= buffer.Length
            && Ascii.FromUtf16(token, buffer, out var written) == OperationStatus.Done
            && TryParse(buffer[..written], bringsKey, out jws);
    }

    /// <summary>True when the header names the key's algorithm and the signature is the key's.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return string.Equals(Header.Algorithm, key.Algorithm, StringComparison.Ordinal) && key.Verify(SigningInput, Signature);
    }
}
