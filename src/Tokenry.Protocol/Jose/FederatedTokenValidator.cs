using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// Validates tokens that another issuer gave to a workload (a CI job, a pod, a virtual machine) and that shall stand for one of our applications. Checked: form,
/// type, algorithm, signature, issuer, audience, subject, the claims that are asked for, time. <em>Not</em> checked: that it was not used before; such
/// tokens may be presented as often as they live, so keep that short. Immutable and thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class FederatedTokenValidator(TimeProvider time)
{
    /// <summary>How far the issuer's clock may be off, but for <c>exp</c>, on which the token ends.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>How far ahead <c>exp</c> may lie: the longest of the platforms we know, an Azure managed identity's.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    /// <summary>
    /// Whose token it claims to be, so that the trust in that issuer can be found: worth nothing before <see cref="Validate"/> said so. Total; false
    /// for anything that is not a JWS with a string <c>iss</c>.
    /// </summary>
    /// <param name="token">The compact serialisation.</param>
    /// <param name="issuer">Its <c>iss</c>.</param>
    /// <param name="keyId">Its <c>kid</c>, null when absent.</param>
    public static bool TryReadIssuer(ReadOnlySpan<char> token, [NotNullWhen(true)] out string? issuer, out string? keyId)
    {
        (issuer, keyId) = (null, null);
        if (
            !CompactJws.TryParse(token, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws)
            || !StrictJson.TryParseObject(jws.Payload, out var claims)
        )
        {
            return false;
        }

        using (claims)
        {
            keyId = jws.Header.KeyId;
            return JsonMember.TryGetText(claims.RootElement, "iss", out issuer);
        }
    }

    /// <summary>
    /// Looks at a token. Total: whatever the text, the answer is a result. The header is judged before any key is looked up, the signature before a
    /// byte of the payload is believed.
    /// </summary>
    /// <param name="token">The compact serialisation.</param>
    /// <param name="trust">What it must be.</param>
    /// <param name="findKeys">The issuer's keys of a <c>kid</c> of 1…200 arbitrary characters, mostly one; empty for none. Must not do I/O.</param>
    public FederatedTokenResult Validate(
        ReadOnlySpan<char> token,
        FederatedTrust trust,
        Func<string, IReadOnlyList<VerificationKey>> findKeys
    )
    {
        ArgumentNullException.ThrowIfNull(trust);
        ArgumentNullException.ThrowIfNull(findKeys);
        if (!CompactJws.TryParse(token, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws))
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.Malformed);
        }

        if (!IsPlainType(jws.Header.Type))
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.WrongType);
        }

        if (
            jws.Header.KeyId is not { Length: > 0 and <= VerificationKey.MaxKeyIdLength } keyId
            || findKeys(keyId) is not { Count: > 0 } keys
        )
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.UnknownKey);
        }

        if (!IsSignedByAny(jws, keys))
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.BadSignature);
        }

        if (!StrictJson.TryParseObject(jws.Payload, out var document))
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.Malformed);
        }

        using (document)
        {
            return Judge(document.RootElement, trust);
        }
    }

    // Absent (Kubernetes) or JWT (everybody else). Whatever has a name of its own, access tokens, proofs, assertions, logout tokens, was made for
    // something else (RFC 8725 §3.11). Media types compare without case.
    private static bool IsPlainType(string? type) =>
        type is null
        || type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
        || type.Equals("application/jwt", StringComparison.OrdinalIgnoreCase);

    private static bool IsSignedByAny(CompactJws jws, IReadOnlyList<VerificationKey> keys)
    {
        foreach (var key in keys)
        {
            if (jws.IsSignedBy(key))
            {
                return true;
            }
        }

        return false;
    }

    private FederatedTokenResult Judge(JsonElement claims, FederatedTrust trust)
    {
        if (
            !JsonMember.TryGetText(claims, "iss", out var issuer)
            || !JsonMember.TryGetText(claims, "sub", out var subject)
            || !JsonMember.TryGetTime(claims, "exp", out var expiresAt)
            || !JsonMember.TryGetOptionalTime(claims, "nbf", out var notBefore)
            || !JsonMember.TryGetOptionalTime(claims, "iat", out var issuedAt)
            || !AuthorizedActor.TryRead(claims, out var mayAct)
            // Bound to a key whose proof nobody brings: taken without it, it would be worth more than its issuer made it.
            || claims.TryGetProperty("cnf", out _)
        )
        {
            return FederatedTokenResult.Invalid(FederatedTokenFault.InvalidClaims);
        }

        var now = time.GetUtcNow();
        var fault =
            issuer != trust.Issuer ? FederatedTokenFault.WrongIssuer
            : !HasAudience(claims, trust.Audience) ? FederatedTokenFault.WrongAudience
            : !trust.Subject.Matches(subject) ? FederatedTokenFault.WrongSubject
            : !trust.Claims.All(condition => condition.Path.TryFind(claims, out var value) && condition.Value.Matches(value))
                ? FederatedTokenFault.WrongClaim
            // RFC 7519 §4.1.4: on or after exp it is not accepted.
            : now >= expiresAt ? FederatedTokenFault.Expired
            : expiresAt > now + LongestLife + ClockSkew ? FederatedTokenFault.TooLongLived
            : notBefore > now + ClockSkew || issuedAt > now + ClockSkew ? FederatedTokenFault.NotYetValid
            : FederatedTokenFault.None;
        return fault == FederatedTokenFault.None
            ? FederatedTokenResult.Valid(new FederatedToken(subject, expiresAt, mayAct))
            : FederatedTokenResult.Invalid(fault);
    }

    // RFC 7519 §4.1.3: one string, or an array of them.
    private static bool HasAudience(JsonElement claims, string audience) =>
        JsonMember.TryGetText(claims, "aud", out var single)
            ? single == audience
            : claims.TryGetProperty("aud", out var several)
                && JsonMember.TryGetTexts(several, out var all)
                && all.Contains(audience, StringComparer.Ordinal);
}
