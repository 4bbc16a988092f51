using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>An error answer (RFC 9457).</summary>
public sealed record Problem
{
    /// <summary>Always <c>about:blank</c>; <c>code</c> is the stable name.</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>The reason phrase of the status.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong and what to do next, for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>The stable name of the error, for programs.</summary>
    public required string Code { get; init; }

    /// <summary>The id of this request in logs and audit.</summary>
    public string? RequestId { get; init; }

    /// <summary>What is wrong with each member of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>With <c>insufficient_scope</c>: the scopes that would have allowed it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? MissingScopes { get; init; }

    /// <summary>With <c>gains_differ</c>: the credentials that would gain rights.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RightsDifference? Gains { get; init; }

    /// <summary>With <c>gains_differ</c>: the credentials that would lose rights.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RightsDifference? Loses { get; init; }

    /// <summary>With <c>credential_kind_not_accepted</c>: the kinds of credential that are accepted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <summary>With <c>in_use</c>, for an API resource: what uses it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsedBy? UsedBy { get; init; }

    /// <summary>With <c>limit_reached</c>: the limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    /// <summary>With <c>credential_expired</c>: when the credential expired.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>With <c>policy_violation</c>: the rule, whose policy has it, and what it allows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PolicyViolation? Policy { get; init; }
}

/// <summary>Values of <see cref="Problem.Code"/>.</summary>
public static class ProblemCode
{
    /// <summary>400: the request is not valid; <see cref="Problem.Errors"/> says where.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>401: no credential was presented.</summary>
    public const string CredentialMissing = "credential_missing";

    /// <summary>401: the presented credential is not valid.</summary>
    public const string InvalidToken = "invalid_token";

    /// <summary>401: the presented credential expired at <see cref="Problem.ExpiredAt"/>.</summary>
    public const string CredentialExpired = "credential_expired";

    /// <summary>403: the credential lacks a scope.</summary>
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>403: this API, or this scope of it, does not accept credentials of that kind.</summary>
    public const string CredentialKindNotAccepted = "credential_kind_not_accepted";

    /// <summary>403: the credential is limited to other objects.</summary>
    public const string ObjectNotAllowed = "object_not_allowed";

    /// <summary>The credential does not act in the organization that the request is about.</summary>
    public const string WrongOrganization = "wrong_organization";

    /// <summary>403: the request asks for more than the caller's own rights.</summary>
    public const string ExceedsOwnRights = "exceeds_own_rights";

    /// <summary>403: the request asks for more than the rights of the credential's owner.</summary>
    public const string ExceedsOwnerRights = "exceeds_owner_rights";

    /// <summary>403: the request came over plain http from another machine; use https.</summary>
    public const string TlsRequired = "tls_required";

    /// <summary>403: the person must confirm who they are first: the last proof is too old.</summary>
    public const string FreshAuthenticationRequired = "fresh_authentication_required";

    /// <summary>403: a form of a page came from another site, session or browser; nothing was changed.</summary>
    public const string FormRefused = "form_refused";

    /// <summary>404: it does not exist, or the caller may not see it.</summary>
    public const string NotFound = "not_found";

    /// <summary>405: the route does not accept this method.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>409: the name or identifier is taken.</summary>
    public const string AlreadyExists = "already_exists";

    /// <summary>409: something refers to it, so it cannot be deleted.</summary>
    public const string InUse = "in_use";

    /// <summary>409: the change would leave no enabled user who holds every management right.</summary>
    public const string LastAdministrator = "last_administrator";

    /// <summary>409: the change does not have the number of gains that <c>Tokenry-Expect-Gains</c> names.</summary>
    public const string GainsDiffer = "gains_differ";

    /// <summary>428: this server requires <c>Tokenry-Expect-Gains</c> with every change of rights.</summary>
    public const string ExpectGainsRequired = "expect_gains_required";

    /// <summary>409: the user is disabled.</summary>
    public const string UserDisabled = "user_disabled";

    /// <summary>409: the invitation was accepted, declined or revoked, has expired, or can no longer be granted.</summary>
    public const string InvitationEnded = "invitation_ended";

    /// <summary>409: another signature of the line of an access review came first.</summary>
    public const string ReviewLineSigned = "review_line_signed";

    /// <summary>409: the credential is revoked or disabled.</summary>
    public const string CredentialNotActive = "credential_not_active";

    /// <summary>403: another person decides about this approval: the caller asked for it, or only administrators of the server decide.</summary>
    public const string ApprovalNotYours = "approval_not_yours";

    /// <summary>409: who asked for the credential, and knows its secret, could not make it any more.</summary>
    public const string RequesterWithoutRight = "requester_without_right";

    /// <summary>409: the approval was approved, denied or withdrawn before, or its credential has expired.</summary>
    public const string ApprovalDecided = "approval_decided";

    /// <summary>409: the role that a user asked for was deleted or renamed, or the user cannot have it there any more.</summary>
    public const string RoleRequestOutdated = "role_request_outdated";

    /// <summary>409: the server has no copy of the key's secret that it could reveal.</summary>
    public const string NotRecoverable = "not_recoverable";

    /// <summary>409: a newer secret, key or certificate replaced this one; only the newest can renew itself.</summary>
    public const string SecretSuperseded = "secret_superseded";

    /// <summary>In the answer of a bulk operation: the credential that made the request is left alone.</summary>
    public const string OwnCredential = "own_credential";

    /// <summary>In the answer of a bulk rotation: the secret before the last rotation still works, and another rotation would end it at once.</summary>
    public const string OverlapRunning = "overlap_running";

    /// <summary>409: the owner has as many of these as it may have; <see cref="Problem.Limit"/> is the limit.</summary>
    public const string LimitReached = "limit_reached";

    /// <summary>409: the next signing key has not been published long enough.</summary>
    public const string SigningKeyNotReady = "signing_key_not_ready";

    /// <summary>409: an earlier request with the same Idempotency-Key is still running.</summary>
    public const string IdempotencyInFlight = "idempotency_in_flight";

    /// <summary>422: the same Idempotency-Key came with another body.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>422: the policy of the server or of the organization does not allow it; <see cref="Problem.Policy"/> says which rule.</summary>
    public const string PolicyViolation = "policy_violation";

    /// <summary>422: the list took too long, and the server stopped it. Ask for a shorter period or use narrower filters.</summary>
    public const string QueryTooSlow = "query_too_slow";

    /// <summary>413: the body is too large.</summary>
    public const string BodyTooLarge = "body_too_large";

    /// <summary>408: the body did not arrive within ten seconds, plus one second for each 16 KiB beyond the first.</summary>
    public const string BodyTooSlow = "body_too_slow";

    /// <summary>415: the route does not accept the media type of the body.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>429: too many requests.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>429: a rate limit of the credential or its application is used up until <c>Retry-After</c>.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>429: a quota of the credential or its application is used up until <c>Retry-After</c>.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>503: the store is unavailable.</summary>
    public const string StoreUnavailable = "store_unavailable";

    /// <summary>503: the bodies of unauthenticated senders fill the server's buffer for them.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>421: the server does not serve this page under the requested host.</summary>
    public const string MisdirectedRequest = "misdirected_request";

    /// <summary>500: a fault of the server.</summary>
    public const string InternalError = "internal_error";
}
