using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>What an audit event was about.</summary>
public sealed record AuditTarget(string Type, string? Id);

/// <summary>One member that an operation changed.</summary>
/// <param name="Member">The member's name in the record, e.g. <c>roles</c>.</param>
/// <param name="Before">Its value before; <c>null</c> where it had none.</param>
/// <param name="After">Its value after; <c>null</c> where it has none. A secret is <c>{"digest":"…"}</c>, an erased value <c>{"pseudonym":"…"}</c>.</param>
public sealed record AuditChange(string Member, JsonElement? Before, JsonElement? After);

/// <summary>The newest event of the trail, signed. Keep it outside the server: a trail that does not contain it was cut or rewritten.</summary>
public sealed record AuditHead
{
    /// <summary>The event's position in the chain.</summary>
    public required long Seq { get; init; }

    /// <summary>The event's hash, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>When the head was signed, at most ten seconds after the event was committed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The same as a JWS, whose <c>typ</c> is <c>audit-head+jwt</c>, signed by a key of this server's JWK set.</summary>
    public required string Jws { get; init; }
}

/// <summary>Who did what to what, when, from where, with what result.</summary>
public sealed record AuditEvent
{
    /// <summary><c>evt_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Position in the chain, without gaps.</summary>
    public required long Seq { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>usr_…</c>, <c>app_…</c>, <c>system</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>The credential the actor used.</summary>
    public string? CredentialId { get; init; }

    /// <summary>What was done, e.g. <c>api_key.created</c>.</summary>
    public required string Action { get; init; }

    /// <summary>To what.</summary>
    public AuditTarget? Target { get; init; }

    /// <summary>At which API resource, where one is involved.</summary>
    public string? Api { get; init; }

    /// <summary><c>success</c>, <c>denied</c>, or <c>signal</c> where something was noticed.</summary>
    public required string Result { get; init; }

    /// <summary>Why it was denied, or the words given with a revocation.</summary>
    public string? Reason { get; init; }

    /// <summary>What an update changed, member by member; <c>null</c> for other events and for those of older versions.</summary>
    public IReadOnlyList<AuditChange>? Changes { get; init; }

    /// <summary>From which address; <c>null</c> once erased.</summary>
    public string? Ip { get; init; }

    /// <summary>The caller's User-Agent, cut at 200 characters.</summary>
    public string? Agent { get; init; }

    /// <summary>The request's id, as in its answer's <c>X-Request-Id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>How many like events this one stands for.</summary>
    public required long Count { get; init; }

    /// <summary>When the last of them was, <c>at</c> being the first; absent where the event stands for itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Hash of the event before, lower-case hex.</summary>
    public required string Prev { get; init; }

    /// <summary>HMAC-SHA256 over <c>seq</c>, <c>prev</c> and the canonical JSON, lower-case hex.</summary>
    public required string Hash { get; init; }
}
