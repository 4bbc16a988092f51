namespace Tokenry.Protocol.Jose;

/// <summary>
/// Validates JWT access tokens of one issuer at a resource server (RFC 9068 §4). It checks form, type, algorithm, signature, issuer, time, and the presence and
/// type of the claims. It does <em>not</em> check what needs the request or a store: the audience (<see cref="AccessToken.IsFor"/>), scopes and objects, the
/// proof for a <c>cnf</c> (<see cref="AccessToken.IsBound"/>), revocation. Immutable and thread-safe.
/// </summary>
/// <param name="issuer">The expected <c>iss</c>, compared byte for byte.</param>
/// <param name="time">The clock.</param>
public sealed class AccessTokenValidator(string issuer, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    /// <summary>How long after <c>exp</c> a token still passes, because the verifier's clock may differ from the issuer's: 0 (default) to 60 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside that range.</exception>
    public TimeSpan ClockSkew
    {
        get;
        init => field = AtMostAMinute(value);
    } = TimeSpan.Zero;

    /// <summary>How far <c>iat</c> (and <c>nbf</c>, if any) may be in the future: 0 to 60 seconds (default).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside that range.</exception>
    public TimeSpan MaxFutureIat
    {
        get;
        init => field = AtMostAMinute(value);
    } = Minute;

    /// <summary>
    /// Validates a token. Total: any bytes give a result. It checks the header before it looks up a key, and the signature before it reads a byte of the
    /// payload.
    /// </summary>
    /// <param name="token">The compact serialization, without <c>Bearer</c> and white space.</param>
    /// <param name="findKey">Finds the issuer's key of a <c>kid</c> of 1…200 arbitrary characters, or null. It must not do I/O per call.</param>
    public AccessTokenResult Validate(ReadOnlySpan<byte> token, Func<string, VerificationKey?> findKey)
    {
        ArgumentNullException.ThrowIfNull(findKey);
        return CompactJws.TryParse(token, out var jws) ? Validate(jws, findKey) : AccessTokenResult.Invalid(AccessTokenFault.Malformed);
    }

    /// <summary>Like <see cref="Validate(ReadOnlySpan{byte}, Func{string, VerificationKey})"/>, for a token as text.</summary>
    /// <param name="token">The compact serialization; a character outside ASCII makes it malformed.</param>
    /// <param name="findKey">See the other overload.</param>
    public AccessTokenResult Validate(ReadOnlySpan<char> token, Func<string, VerificationKey?> findKey)
    {
        ArgumentNullException.ThrowIfNull(findKey);
        return CompactJws.TryParse(token, stackalloc byte[CompactJws.MaxLength], bringsKey: false, out var jws)
            ? Validate(jws, findKey)
            : AccessTokenResult.Invalid(AccessTokenFault.Malformed);
    }

    // RFC 9068 §4: at+jwt or application/at+jwt; media types ignore case (RFC 7515 §4.1.9).
    private static bool IsAccessTokenType(string? type) =>
        string.Equals(type, "at+jwt", StringComparison.OrdinalIgnoreCase)
        || string.Equals(type, "application/at+jwt", StringComparison.OrdinalIgnoreCase);

    private static TimeSpan AtMostAMinute(TimeSpan value) =>
        value >= TimeSpan.Zero && value <= Minute
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "The value must be 0 to 60 seconds.");

    private AccessTokenResult Validate(CompactJws jws, Func<string, VerificationKey?> findKey)
    {
        if (!JwsAlgorithms.Signs(jws.Header.Algorithm))
        {
            return AccessTokenResult.Invalid(AccessTokenFault.Malformed);
        }

        if (!IsAccessTokenType(jws.Header.Type))
        {
            return AccessTokenResult.Invalid(AccessTokenFault.WrongType);
        }

        if (jws.Header.KeyId is not { Length: > 0 and <= VerificationKey.MaxKeyIdLength } keyId || findKey(keyId) is not { } key)
        {
            return AccessTokenResult.Invalid(AccessTokenFault.UnknownKey);
        }

        return jws.IsSignedBy(key) ? ValidateClaims(jws.Payload) : AccessTokenResult.Invalid(AccessTokenFault.BadSignature);
    }

    private AccessTokenResult ValidateClaims(byte[] payload)
    {
        if (!StrictJson.TryParseObject(payload, out var document))
        {
            return AccessTokenResult.Invalid(AccessTokenFault.Malformed);
        }

        using (document)
        {
            if (!AccessTokenClaimReader.TryRead(document.RootElement, out var token, out var notBefore))
            {
                return AccessTokenResult.Invalid(AccessTokenFault.InvalidClaims);
            }

            return Judge(token, notBefore);
        }
    }

    private AccessTokenResult Judge(AccessToken token, DateTimeOffset? notBefore)
    {
        if (!string.Equals(token.Issuer, issuer, StringComparison.Ordinal))
        {
            return AccessTokenResult.Invalid(AccessTokenFault.WrongIssuer);
        }

        var now = time.GetUtcNow();
        var latestStart = now + MaxFutureIat;
        if (token.IssuedAt > latestStart || notBefore > latestStart)
        {
            return AccessTokenResult.NotYetValid(token);
        }

        // RFC 7519 §4.1.4: a token is refused on or after exp.
        return now - ClockSkew >= token.ExpiresAt ? AccessTokenResult.Expired(token) : AccessTokenResult.Valid(token);
    }
}
