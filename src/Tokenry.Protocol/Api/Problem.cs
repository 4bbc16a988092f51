using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>An error answer (RFC 9457).</summary>
public sealed record Problem
{
    /// <summary>Always <c>about:blank</c>: the stable name is <c>code</c>.</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>The status in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What went wrong and what to do next, for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>The stable name of the error, for a program.</summary>
    public required string Code { get; init; }

    /// <summary>Names this request in logs and audit.</summary>
    public string? RequestId { get; init; }

    /// <summary>What is wrong with each member of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The scopes that would have allowed it; with <c>insufficient_scope</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? MissingScopes { get; init; }

    /// <summary>Which credentials would gain; with <c>gains_differ</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RightsDifference? Gains { get; init; }

    /// <summary>Which credentials would lose; with <c>gains_differ</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RightsDifference? Loses { get; init; }

    /// <summary>The kinds of credential that are accepted; with <c>credential_kind_not_accepted</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <summary>What uses the thing that shall go; with <c>in_use</c> where it is an API resource.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UsedBy? UsedBy { get; init; }

    /// <summary>How many there may be; with <c>limit_reached</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    /// <summary>When the credential ended; with <c>credential_expired</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiredAt { get; init; }
}

/// <summary>Values of <see cref="Problem.Code"/>.</summary>
public static class ProblemCode
{
    /// <summary>400: the request does not fit; <see cref="Problem.Errors"/> says where.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>401: no credential was presented.</summary>
    public const string CredentialMissing = "credential_missing";

    /// <summary>401: the credential presented is not good.</summary>
    public const string InvalidToken = "invalid_token";

    /// <summary>401: the credential presented was good until <see cref="Problem.ExpiredAt"/>.</summary>
    public const string CredentialExpired = "credential_expired";

    /// <summary>403: the credential lacks a scope.</summary>
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>403: this API, or this scope of it, does not take credentials of that kind.</summary>
    public const string CredentialKindNotAccepted = "credential_kind_not_accepted";

    /// <summary>403: the credential is limited to other objects.</summary>
    public const string ObjectNotAllowed = "object_not_allowed";

    /// <summary>403: what is asked for exceeds the caller's own rights.</summary>
    public const string ExceedsOwnRights = "exceeds_own_rights";

    /// <summary>403: what is asked for exceeds the rights of the credential's owner.</summary>
    public const string ExceedsOwnerRights = "exceeds_owner_rights";

    /// <summary>403: the request came over plain http from another machine; use https.</summary>
    public const string TlsRequired = "tls_required";

    /// <summary>404: there is no such thing, or it is not yours to see.</summary>
    public const string NotFound = "not_found";

    /// <summary>405: the route exists, with other methods.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>409: something with that name exists.</summary>
    public const string AlreadyExists = "already_exists";

    /// <summary>409: the thing is in use and cannot go.</summary>
    public const string InUse = "in_use";

    /// <summary>409: the change would leave no enabled user who holds every management right.</summary>
    public const string LastAdministrator = "last_administrator";

    /// <summary>409: the change would not have the number of gains that <c>Tokenry-Expect-Gains</c> names, now or any more.</summary>
    public const string GainsDiffer = "gains_differ";

    /// <summary>428: this server wants <c>Tokenry-Expect-Gains</c> with every change of rights.</summary>
    public const string ExpectGainsRequired = "expect_gains_required";

    /// <summary>409: the credential is revoked or disabled.</summary>
    public const string CredentialNotActive = "credential_not_active";

    /// <summary>409: the secret, key or certificate was replaced; only the newest one renews itself.</summary>
    public const string SecretSuperseded = "secret_superseded";

    /// <summary>409: the owner has as many of these as it may; <see cref="Problem.Limit"/> says how many.</summary>
    public const string LimitReached = "limit_reached";

    /// <summary>409: the next signing key has not been published long enough.</summary>
    public const string SigningKeyNotReady = "signing_key_not_ready";

    /// <summary>409: the same Idempotency-Key is being worked on.</summary>
    public const string IdempotencyInFlight = "idempotency_in_flight";

    /// <summary>422: the same Idempotency-Key came with another body.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>422: the list took too long and was stopped; ask for a shorter time or narrower filters.</summary>
    public const string QueryTooSlow = "query_too_slow";

    /// <summary>413: the body is too large.</summary>
    public const string BodyTooLarge = "body_too_large";

    /// <summary>408: the body did not arrive within ten seconds (and one second more for each 16 KiB beyond the first).</summary>
    public const string BodyTooSlow = "body_too_slow";

    /// <summary>415: the body is not of the media type this route takes.</summary>
    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>429: too many requests.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>429: a rate limit of the credential or its application is used up until <c>Retry-After</c>.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>429: a quota of the credential or its application is used up until <c>Retry-After</c>.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>503: the store is away.</summary>
    public const string StoreUnavailable = "store_unavailable";

    /// <summary>503: the server holds as many bytes as it takes from senders it does not know yet.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>421: the page is not served under the host the request names.</summary>
    public const string MisdirectedRequest = "misdirected_request";

    /// <summary>500: a fault of the server.</summary>
    public const string InternalError = "internal_error";
}
