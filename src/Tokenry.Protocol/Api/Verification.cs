using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>Body of <c>POST /v1/verify</c>.</summary>
// A class and not a record: a record would print the token.
public sealed class VerifyRequest
{
    /// <summary>The credential as the caller presented it. It may be absent if <c>proof</c> has the headers of a signed request.</summary>
    public string? Token { get; init; }

    /// <summary>Identifier of the API resource to which it was presented.</summary>
    public string? Api { get; init; }

    /// <summary>The scopes that the request needs; all of them.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The object that the request uses, <c>type:id</c>.</summary>
    public string? Object { get; init; }

    /// <summary>
    /// The organization that the request is about, <c>org_…</c>. A credential that acts in no or another organization is refused. A personal access token that
    /// names several organizations then has its permissions in this one; without it, it has those outside organizations.
    /// </summary>
    public string? Organization { get; init; }

    /// <summary>The address of the client; needed if the credential has <c>allowed_ips</c>.</summary>
    public string? Ip { get; init; }

    /// <summary>The method of the request that carried it.</summary>
    public string? Method { get; init; }

    /// <summary>The path of the request that carried it.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// The proof of possession, for tokens that are bound to a key or certificate and for signed requests. With it, <c>method</c> is needed too.
    /// </summary>
    public VerifyProof? Proof { get; init; }
}

/// <summary>The proof of possession that came with a credential.</summary>
// A class and not a record: a record would print the proof.
public sealed class VerifyProof
{
    /// <summary>The value of the request's only <c>DPoP</c> header, if its credential came under the scheme <c>DPoP</c> (RFC 9449 §7.1).</summary>
    public string? Dpop { get; init; }

    /// <summary>
    /// The TLS client certificate of the request's connection, as PEM or as the base64 of its DER. The resource server takes it from its own TLS listener or
    /// from a proxy that it trusts (RFC 8705 §3).
    /// </summary>
    public string? Certificate { get; init; }

    /// <summary>
    /// The URL of the request as its client knows it: scheme and host from the resource server's configuration, path and query as received, with escapes
    /// unchanged.
    /// </summary>
    public string? Uri { get; init; }

    /// <summary>
    /// The headers of a signed request (RFC 9421): <c>signature</c>, <c>signature-input</c> and all headers that the signature covers. Each is a line or a list
    /// of lines. The caller compares <c>content-digest</c> with the body itself.
    /// </summary>
    [JsonConverter(typeof(HeaderLinesConverter))]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Headers { get; init; }
}

/// <summary>Answer of <c>POST /v1/verify</c>; members that do not apply are absent.</summary>
public sealed record VerifyAnswer
{
    /// <summary>Whether the request may proceed.</summary>
    public required bool Valid { get; init; }

    /// <summary><c>valid</c>, or the first reason in the order of <see cref="VerificationCode"/>.</summary>
    public required string Code { get; init; }

    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>The credential's public id. For an access token: the credential with which its client authenticated.</summary>
    public string? CredentialId { get; init; }

    /// <summary>The acting user or application; <c>null</c> for an anonymous key.</summary>
    public string? Subject { get; init; }

    /// <summary>The application, if one is involved.</summary>
    public string? ApplicationId { get; init; }

    /// <summary>The organization in which it acts.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>What it may do now at the requested API; only if the request names one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>What it may do now at every API; only if the request names none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Permission>? Permissions { get; init; }

    /// <summary>The objects to which it is limited.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>When it expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The tightest of the limits that counted this use; absent if there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RateLimitState? RateLimit { get; init; }

    /// <summary>The holder's own notes.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>Answer if the credential is not good for the request: the code, and what the caller needs to act on it.</summary>
public sealed record VerifyRefusal
{
    /// <summary>Always <c>false</c>.</summary>
    public bool Valid { get; init; }

    /// <summary>The first reason in the order of <see cref="VerificationCode"/>.</summary>
    public required string Code { get; init; }

    /// <summary>
    /// With <c>wrong_api</c>, for a caller with the management scope <c>verify</c>: one of <see cref="WrongApiReason"/>. With <c>insufficient_scope</c>:
    /// <c>no_such_scope</c>, or absent.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>With <c>credential_kind_not_accepted</c>: the kinds that are accepted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <summary>With <c>insufficient_scope</c>: the requested scopes that are missing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? MissingScopes { get; init; }

    /// <summary>With <c>expired</c>: when it expired.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ExpiredAt { get; init; }

    /// <summary>
    /// With <c>proof_invalid</c>, if the proof lacked only a nonce: the nonce that the next DPoP proof must carry, for the header <c>DPoP-Nonce</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DpopNonce { get; init; }

    /// <summary>With <c>rate_limited</c> and <c>quota_exceeded</c>: the limit that is used up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RateLimitState? RateLimit { get; init; }
}

/// <summary>Values of <see cref="VerifyRefusal.Reason"/>: why a valid credential has no rights at the requested API.</summary>
public static class WrongApiReason
{
    /// <summary>No API resource has that identifier.</summary>
    public const string NoSuchApi = "no_such_api";

    /// <summary>The access token was issued for another API, which its <c>aud</c> names.</summary>
    public const string OtherAudience = "other_audience";

    /// <summary>The credential's own permissions do not name the API, although its owner has rights there.</summary>
    public const string NotPermitted = "not_permitted";

    /// <summary>The credential's own permissions name the API, but its owner has no role there any more.</summary>
    public const string RoleRemoved = "role_removed";

    /// <summary>The credential's owner has no role at the API.</summary>
    public const string NoRole = "no_role";
}

/// <summary>Value of <see cref="VerifyRefusal.Reason"/> with <c>insufficient_scope</c>.</summary>
public static class InsufficientScopeReason
{
    /// <summary>The API resource has no scope with one of the missing names, so no credential can have it.</summary>
    public const string NoSuchScope = "no_such_scope";
}

/// <summary>Body of <c>POST /v1/verify/batch</c>.</summary>
public sealed class VerifyBatchRequest
{
    /// <summary>At most 100 items.</summary>
    public required IReadOnlyList<VerifyRequest> Items { get; init; }
}

/// <summary>Answer of <c>POST /v1/verify/batch</c>.</summary>
/// <param name="Items">A <see cref="VerifyAnswer"/> or <see cref="VerifyRefusal"/> for each item, in order.</param>
public sealed record VerifyBatchAnswer(IReadOnlyList<object> Items);
