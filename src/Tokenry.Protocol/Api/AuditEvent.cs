using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>The thing that an audit event is about.</summary>
public sealed record AuditTarget(string Type, string? Id);

/// <summary>One member that an operation changed.</summary>
/// <param name="Member">The member's name in the record, e.g. <c>roles</c>.</param>
/// <param name="Before">Its value before; <c>null</c> if it had none.</param>
/// <param name="After">
/// Its value after; <c>null</c> if it has none. A secret appears as <c>{"digest":"…"}</c>, an erased value as <c>{"pseudonym":"…"}</c>.
/// </param>
public sealed record AuditChange(string Member, JsonElement? Before, JsonElement? After);

/// <summary>
/// The signed head of the audit trail: its newest event. Keep it outside the server. If the trail does not contain it later, the trail was cut or rewritten.
/// </summary>
public sealed record AuditHead
{
    /// <summary>The event's position in the chain.</summary>
    public required long Seq { get; init; }

    /// <summary>The event's hash, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>When the head was signed, at most ten seconds after the event was committed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The same as a JWS with the <c>typ</c> <c>audit-head+jwt</c>, signed by a key of this server's JWK set.</summary>
    public required string Jws { get; init; }
}

/// <summary>Who did what to what, when, from where, with what result.</summary>
public sealed record AuditEvent
{
    /// <summary><c>evt_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Position in the chain, without gaps.</summary>
    public required long Seq { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>usr_…</c>, <c>app_…</c>, <c>system</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>The credential the actor used.</summary>
    public string? CredentialId { get; init; }

    /// <summary>The action, e.g. <c>api_key.created</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The thing that the action changed or tried to change.</summary>
    public AuditTarget? Target { get; init; }

    /// <summary>The organization that the event concerns; <c>null</c> = none.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The API resource, if one is involved.</summary>
    public string? Api { get; init; }

    /// <summary><c>success</c>, <c>denied</c>, or <c>signal</c> if the server noticed a sign of misuse.</summary>
    public required string Result { get; init; }

    /// <summary>Why the server denied the action, or the reason that the caller of a revocation gave.</summary>
    public string? Reason { get; init; }

    /// <summary>What an update changed, member by member; <c>null</c> for other events and for those of older versions.</summary>
    public IReadOnlyList<AuditChange>? Changes { get; init; }

    /// <summary>The address of the caller; <c>null</c> after it was erased.</summary>
    public string? Ip { get; init; }

    /// <summary>The caller's User-Agent, cut to 200 characters.</summary>
    public string? Agent { get; init; }

    /// <summary>The request's id, as in its answer's <c>X-Request-Id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>The number of similar events that this one represents.</summary>
    public required long Count { get; init; }

    /// <summary>When the last of these events happened; <c>at</c> is the first. Absent for a single event.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Hash of the previous event, lower-case hex.</summary>
    public required string Prev { get; init; }

    /// <summary>HMAC-SHA256 over <c>seq</c>, <c>prev</c> and the canonical JSON, lower-case hex.</summary>
    public required string Hash { get; init; }
}
