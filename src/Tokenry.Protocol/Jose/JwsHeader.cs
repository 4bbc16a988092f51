using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>The three header parameters of a signed token that Tokenry uses; it refuses or ignores all others.</summary>
/// <param name="Algorithm">The <c>alg</c>, one of <see cref="JwsAlgorithms"/>. Compare it with the key's algorithm; never choose the algorithm by it.</param>
/// <param name="Type">The <c>typ</c>; null if absent (RFC 7515 §4.1.9).</param>
/// <param name="KeyId">The <c>kid</c>; null if absent (RFC 7515 §4.1.4). It is any text: use it only as a dictionary key.</param>
public sealed record JwsHeader(string Algorithm, string? Type, string? KeyId)
{
    // jku, x5u, x5c: a token must not contain or reference its own key (RFC 8725 §3.10). crit, b64 (RFC 7515 §4.1.11, RFC 7797): Tokenry knows no extension, so
    // it refuses every critical one. zip: nothing is decompressed before it is verified.
    private static readonly string[] Refused = ["jku", "x5u", "x5c", "crit", "b64", "zip"];

    /// <summary>The <c>jwk</c> of a proof of possession, as it was sent; null for every other kind of token, where it is refused.</summary>
    internal JsonElement? Key { get; private init; }

    /// <summary>
    /// Reads a protected header. False unless it is one JSON object with a known <c>alg</c>. <c>typ</c> and <c>kid</c> must be strings if present. <c>jwk jku
    /// x5u x5c crit b64 zip</c> must be absent.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JwsHeader? header) =>
        TryParse(utf8, bringsKey: false, out header);

    /// <summary>Like the other overload; with <paramref name="bringsKey"/> the <c>jwk</c> must be present and an object (RFC 9449 §4.2).</summary>
    internal static bool TryParse(ReadOnlyMemory<byte> utf8, bool bringsKey, [NotNullWhen(true)] out JwsHeader? header)
    {
        header = null;
        if (!StrictJson.TryParseObject(utf8, out var document))
        {
            return false;
        }

        using (document)
        {
            var members = document.RootElement;
            if (
                Array.Exists(Refused, name => members.TryGetProperty(name, out _))
                || members.TryGetProperty("jwk", out var key) != bringsKey
                || (bringsKey && key.ValueKind != JsonValueKind.Object)
                || !JsonMember.TryGetText(members, "alg", out var algorithm)
                || !JwsAlgorithms.IsKnown(algorithm)
                || !JsonMember.TryGetOptionalText(members, "typ", out var type)
                || !JsonMember.TryGetOptionalText(members, "kid", out var keyId)
            )
            {
                return false;
            }

            header = new JwsHeader(algorithm, type, keyId) { Key = bringsKey ? key.Clone() : null };
            return true;
        }
    }
}
