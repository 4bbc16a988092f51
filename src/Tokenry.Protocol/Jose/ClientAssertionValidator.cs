using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// Validates the JWTs with which clients authenticate (<c>private_key_jwt</c>: RFC 7523 §2.2 and §3, with the audience of its revision,
/// draft-ietf-oauth-rfc7523bis, against audience injection). Checked: form, type, algorithm, signature, client, audience, time, presence and type of
/// the claims. <em>Not</em> checked: that the <c>jti</c> was not used before, which needs a store. Immutable and thread-safe.
/// </summary>
/// <param name="issuer">The authorization server's issuer, the one expected <c>aud</c>, compared byte for byte.</param>
/// <param name="time">The clock.</param>
public sealed class ClientAssertionValidator(string issuer, TimeProvider time)
{
    /// <summary>The longest <c>jti</c> we keep, in characters.</summary>
    public const int MaxTokenIdLength = 256;

    /// <summary>How far the client's clock may be off, in either direction.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whom an assertion claims to come from, so that this client's keys can be found: its <c>sub</c>, worth nothing before <see cref="Validate"/>
    /// said so. Total; false for anything that is not a JWS with a string <c>sub</c>.
    /// </summary>
    public static bool TryReadClient(ReadOnlySpan<char> assertion, [NotNullWhen(true)] out string? clientId)
    {
        clientId = null;
        if (
            !CompactJws.TryParse(assertion, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws)
            || !StrictJson.TryParseObject(jws.Payload, out var claims)
        )
        {
            return false;
        }

        using (claims)
        {
            return JsonMember.TryGetText(claims.RootElement, "sub", out clientId);
        }
    }

    /// <summary>Which of the client's keys an assertion says it is signed with; <c>null</c> where it names none. Total; false for what <see cref="Validate"/> calls malformed.</summary>
    public static bool TryReadKeyId(ReadOnlySpan<char> assertion, out string? keyId)
    {
        var isJws = CompactJws.TryParse(assertion, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws);
        keyId = isJws ? jws.Header.KeyId : null;
        return isJws;
    }

    /// <summary>
    /// Looks at an assertion. Total: whatever the text, the answer is a result. The header is judged before any key is looked up, the signature
    /// before a byte of the payload is believed.
    /// </summary>
    /// <param name="assertion">The compact serialisation.</param>
    /// <param name="clientId">The client that must be its <c>iss</c> and <c>sub</c>.</param>
    /// <param name="rules">How strictly it is taken.</param>
    /// <param name="findKey">
    /// The client's key of a <c>kid</c> of 1…200 arbitrary characters, or of an assertion that names none (<c>null</c>), which will do for a client with one key.
    /// Must not do I/O.
    /// </param>
    public ClientAssertionResult Validate(
        ReadOnlySpan<char> assertion,
        string clientId,
        ClientAssertionRules rules,
        Func<string?, VerificationKey?> findKey
    )
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(findKey);
        if (!CompactJws.TryParse(assertion, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws))
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.Malformed);
        }

        if (!IsType(jws.Header.Type, rules.TakesPlainType))
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.WrongType);
        }

        if (jws.Header.KeyId is { Length: 0 or > VerificationKey.MaxKeyIdLength } || findKey(jws.Header.KeyId) is not { } key)
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.UnknownKey);
        }

        if (!jws.IsSignedBy(key))
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.BadSignature);
        }

        if (!StrictJson.TryParseObject(jws.Payload, out var document))
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.Malformed);
        }

        using (document)
        {
            return Judge(document.RootElement, clientId, rules, key.KeyId);
        }
    }

    // A token of another kind is not taken for one of these, nor the other way round (RFC 8725 §3.11); media types compare without case.
    private static bool IsType(string? type, bool takesPlainType) =>
        type is null
            ? takesPlainType
            : type.Equals("client-authentication+jwt", StringComparison.OrdinalIgnoreCase)
                || type.Equals("application/client-authentication+jwt", StringComparison.OrdinalIgnoreCase)
                || (
                    takesPlainType
                    && (
                        type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
                        || type.Equals("application/jwt", StringComparison.OrdinalIgnoreCase)
                    )
                );

    private ClientAssertionResult Judge(JsonElement claims, string clientId, ClientAssertionRules rules, string keyId)
    {
        if (
            !JsonMember.TryGetText(claims, "iss", out var from)
            || !JsonMember.TryGetText(claims, "sub", out var subject)
            || !JsonMember.TryGetText(claims, "jti", out var tokenId)
            || tokenId.Length > MaxTokenIdLength
            || !JsonMember.TryGetTime(claims, "exp", out var expiresAt)
            || !JsonMember.TryGetOptionalTime(claims, "nbf", out var notBefore)
            || !JsonMember.TryGetOptionalTime(claims, "iat", out var issuedAt)
        )
        {
            return ClientAssertionResult.Invalid(ClientAssertionFault.InvalidClaims);
        }

        var now = time.GetUtcNow();
        // RFC 7519 §4.1.4: on or after exp it is not accepted.
        var keepUntil = expiresAt > DateTimeOffset.MaxValue - ClockSkew ? DateTimeOffset.MaxValue : expiresAt + ClockSkew;
        var fault =
            from != clientId || subject != clientId ? ClientAssertionFault.WrongClient
            : !IsForUs(claims, rules.OtherAudiences) ? ClientAssertionFault.WrongAudience
            : now >= keepUntil ? ClientAssertionFault.Expired
            : expiresAt > now + rules.LongestLife ? ClientAssertionFault.TooLongLived
            : notBefore > now + ClockSkew || issuedAt > now + ClockSkew ? ClientAssertionFault.NotYetValid
            : ClientAssertionFault.None;
        return fault == ClientAssertionFault.None
            ? ClientAssertionResult.Valid(new ClientAssertion(clientId, tokenId, keepUntil, keyId))
            : ClientAssertionResult.Invalid(fault);
    }

    // The issuer alone, as a string or as an array of one (RFC 7519 §4.1.3): an assertion that several servers take could be carried from one to the other.
    private bool IsForUs(JsonElement claims, IReadOnlyList<string> others)
    {
        if (JsonMember.TryGetText(claims, "aud", out var audience))
        {
            return audience == issuer || others.Contains(audience, StringComparer.Ordinal);
        }

        return claims.TryGetProperty("aud", out var list)
            && JsonMember.TryGetTexts(list, out var audiences)
            && audiences.Length > 0
            && (audiences.Length == 1 || others.Count > 0)
            && Array.TrueForAll(audiences, named => named == issuer || others.Contains(named, StringComparer.Ordinal));
    }
}
