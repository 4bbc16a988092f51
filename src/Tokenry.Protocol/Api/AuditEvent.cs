using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>What an audit event was about.</summary>
public sealed record AuditTarget(string Type, string? Id);

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
