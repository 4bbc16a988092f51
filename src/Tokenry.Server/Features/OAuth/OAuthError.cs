using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth;

/// <summary>
/// An error answer of an OAuth endpoint (RFC 6749 §5.2). The registry below is closed. Descriptions are constants, so that an answer never repeats what a
/// client sent.
/// </summary>
public sealed class OAuthError(int status, string error, string description) : Exception(description)
{
    public int Status => status;

    public string Error => error;

    public Challenge? Challenge { get; private init; }

    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The reason for the audit, which the constant answer does not show.</summary>
    public AuditReason? Reason { get; private set; }

    /// <summary>The nonce for the client's next proof.</summary>
    public string? DpopNonce { get; private init; }

    /// <param name="reason">Listed in <c>UseCodes</c>.</param>
    public OAuthError Because(string reason) => Because(new AuditReason(reason));

    public OAuthError Because(AuditReason reason)
    {
        Reason = reason;
        return this;
    }

    public static OAuthError InvalidRequest(string description) => new(400, "invalid_request", description);

    /// <summary>RFC 9110 §15.5.16; this is the OAuth error that fits best.</summary>
    public static OAuthError CodedBody() =>
        new(415, "invalid_request", "the body is compressed, which this server does not take: send it without Content-Encoding");

    /// <summary>
    /// The same answer for every reason (RFC 6749 §5.2), except for hints to a client that proved the right secret. It has a challenge, as every 401 must
    /// (RFC 9110 §15.5.2).
    /// </summary>
    public static OAuthError InvalidClient(string? hint = null) =>
        new(401, "invalid_client", hint ?? "client authentication failed") { Challenge = Platform.Http.Challenge.Basic };

    public static OAuthError TooManyFailures() =>
        new(429, "temporarily_unavailable", "too many failed authentications; wait before the next attempt")
        {
            RetryAfter = TimeSpan.FromSeconds(60),
        };

    /// <summary>RFC 9449 §5.</summary>
    public static OAuthError InvalidDpopProof() =>
        new(400, "invalid_dpop_proof", "the DPoP proof is not good for this request, or was used before");

    /// <summary>RFC 9449 §8.</summary>
    public static OAuthError UseDpopNonce(string nonce) =>
        new(400, "use_dpop_nonce", "put the nonce of the header DPoP-Nonce into the DPoP proof and send it again") { DpopNonce = nonce };

    public static OAuthError InvalidGrant(string description) => new(400, "invalid_grant", description);

    public static OAuthError UnsupportedGrantType(IEnumerable<string> supported) =>
        new(400, "unsupported_grant_type", $"this server does not support the grant type; it supports {string.Join(" and ", supported)}");

    /// <summary>RFC 6749 §5.2: the grant is known, but not allowed for this client.</summary>
    public static OAuthError UnauthorizedClient() => new(400, "unauthorized_client", "the client may not use this grant type");

    /// <summary>RFC 8693 §2.2.2: the same answer for every fault of the subject token.</summary>
    public static OAuthError SubjectTokenNotAcceptable() => new(400, "invalid_request", "the subject token is not acceptable");

    /// <summary>The subject's own limits; an exchange counts against them.</summary>
    public static OAuthError LimitReached(TimeSpan wait) =>
        new(429, "temporarily_unavailable", "the limit of the subject token is used up")
        {
            RetryAfter = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(wait.TotalSeconds))),
        };

    public static OAuthError InvalidScope(string description) => new(400, "invalid_scope", description);

    public static OAuthError InvalidTarget(string description) => new(400, "invalid_target", description);

    public static OAuthError UnsupportedTokenType() =>
        new(400, "unsupported_token_type", "only access tokens and API keys of the client can be revoked here");

    /// <summary>Tokenry's own error, at <c>/oauth/renew</c>.</summary>
    public static OAuthError SecretSuperseded() =>
        new(
            409,
            "secret_superseded",
            "a newer secret, key or certificate replaced this one; only the newest renews itself. Repeat a lost renewal with its Idempotency-Key"
        );

    /// <summary>Tokenry's own error, at <c>/oauth/renew</c>.</summary>
    public static OAuthError IdempotencyKeyReused() =>
        new(422, "idempotency_key_reused", "this Idempotency-Key came with another renewal before; take a new key for a new renewal");

    /// <summary>Tokenry's own error, at <c>/oauth/renew</c>.</summary>
    /// <param name="rule">The rule, whose policy has it and what it allows; nothing that the client sent.</param>
    public static OAuthError PolicyViolation(string rule) => new(422, "policy_violation", rule);

    /// <summary>RFC 6750 §3.1, for introspection by a caller that authenticates as a bearer.</summary>
    /// <param name="challenge">The challenge of the endpoint; this method adds the error.</param>
    public static OAuthError InvalidToken(in Challenge challenge) =>
        new(401, "invalid_client", "the bearer credential is not good here")
        {
            Challenge = challenge with { Error = ChallengeError.InvalidToken },
        };

    /// <inheritdoc cref="InvalidToken"/>
    public static OAuthError InsufficientScope(in Challenge challenge) =>
        new(403, "insufficient_scope", "the bearer credential lacks the scope introspect")
        {
            Challenge = challenge with { Error = ChallengeError.InsufficientScope },
        };

    public static OAuthError Overloaded() =>
        new(
            503,
            "temporarily_unavailable",
            "the server holds as many unfinished requests as it takes; send the whole body at once or try again"
        )
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static OAuthError Unavailable() =>
        new(503, "temporarily_unavailable", "the store cannot be asked now; try again shortly") { RetryAfter = TimeSpan.FromSeconds(1) };
}
