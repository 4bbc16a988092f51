using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// Validates tokens that another issuer gave to a workload (a CI job, a pod, a virtual machine) and that authenticate one of our applications. It checks form,
/// type, algorithm, signature, issuer, audience, subject, the required claims and the time. It does <em>not</em> check earlier use: a workload may present such
/// a token until it expires, so keep its lifetime short. Immutable and thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class FederatedTokenValidator(TimeProvider time)
{
    /// <summary>The allowed difference of the issuer's clock. It does not apply to <c>exp</c>.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>How far in the future <c>exp</c> may be: the longest lifetime among known platforms, that of an Azure managed identity.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    /// <summary>
    /// The <c>iss</c> that a token claims, for finding the trust in that issuer. Do not trust it before <see cref="Validate"/> succeeded. Total; false for a
    /// text that is not a JWS with a string <c>iss</c>.
    /// </summary>
    /// <param name="token">The compact serialization.</param>
    /// <param name="issuer">Its <c>iss</c>.</param>
    /// <param name="keyId">Its <c>kid</c>; null if absent.</param>
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
    /// Validates a token. Total: any text gives a result. It checks the header before it looks up a key, and the signature before it trusts a byte of the
    /// payload.
    /// </summary>
    /// <param name="token">The compact serialization.</param>
    /// <param name="trust">The trust that it must fulfil.</param>
    /// <param name="findKeys">Finds the issuer's keys of a <c>kid</c> of 1…200 arbitrary characters, usually one; empty for none. It must not do I/O.</param>
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

    // Kubernetes sends no typ, other issuers JWT. Explicitly typed tokens (access tokens, proofs, assertions, logout tokens) have another purpose (RFC 8725
    // §3.11). Media types ignore case.
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
            // The token is bound to a key, but its proof is not presented here. Accepting it would remove the protection that its issuer gave it.
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
            // RFC 7519 §4.1.4: a token is refused on or after exp.
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
