using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// Validates the JWTs with which clients authenticate (<c>private_key_jwt</c>: RFC 7523 §2.2 and §3). The audience follows its revision,
/// draft-ietf-oauth-rfc7523bis, against audience injection. It checks form, type, algorithm, signature, client, audience, time, and the presence and type of
/// the claims. It does <em>not</em> check that the <c>jti</c> is unused, which needs a store. Immutable and thread-safe.
/// </summary>
/// <param name="issuer">The authorization server's issuer, the expected <c>aud</c>, compared byte for byte.</param>
/// <param name="time">The clock.</param>
public sealed class ClientAssertionValidator(string issuer, TimeProvider time)
{
    /// <summary>The longest accepted <c>jti</c>, in characters.</summary>
    public const int MaxTokenIdLength = 256;

    /// <summary>The allowed difference of the client's clock, in either direction.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The <c>sub</c> that an assertion claims, for finding this client's keys. Do not trust it before <see cref="Validate"/> succeeded. Total; false for a
    /// text that is not a JWS with a string <c>sub</c>.
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

    /// <summary>
    /// The <c>kid</c> of an assertion; <c>null</c> if it has none. Total; false for an assertion that <see cref="Validate"/> calls malformed.
    /// </summary>
    public static bool TryReadKeyId(ReadOnlySpan<char> assertion, out string? keyId)
    {
        var isJws = CompactJws.TryParse(assertion, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws);
        keyId = isJws ? jws.Header.KeyId : null;
        return isJws;
    }

    /// <summary>
    /// Validates an assertion. Total: any text gives a result. It checks the header before it looks up a key, and the signature before it trusts a byte of the
    /// payload.
    /// </summary>
    /// <param name="assertion">The compact serialization.</param>
    /// <param name="clientId">The client that must be its <c>iss</c> and <c>sub</c>.</param>
    /// <param name="rules">How strictly to check it.</param>
    /// <param name="findKey">
    /// Finds the client's key of a <c>kid</c> of 1…200 arbitrary characters. For an assertion without <c>kid</c> it gets <c>null</c>, and may return the key of
    /// a client with exactly one. It must not do I/O.
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

    // Explicit typing keeps tokens of other kinds from passing as assertions, and assertions from passing as them (RFC 8725 §3.11). Media types ignore case.
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
        // RFC 7519 §4.1.4: an assertion is refused on or after exp.
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

    // Only the issuer, as a string or as an array of one (RFC 7519 §4.1.3): one server could replay an assertion that several servers accept.
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
