using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>An audit event before the chain gives it its position and hash. Unknown values stay <c>null</c>.</summary>
public sealed class AuditEntry
{
    public const string Success = "success";
    public const string Denied = "denied";

    /// <summary>The actor if the caller is unknown.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The actor if the server acts by itself.</summary>
    public const string System = "system";

    /// <summary>The outcome of an event that the server noticed, without a request or a refusal.</summary>
    public const string Signal = "signal";

    public required string Id { get; init; }

    public required long At { get; init; }

    /// <summary>For an entry that covers several occurrences: the time of the last; <see cref="At"/> is the time of the first.</summary>
    public long? LastAt { get; init; }

    /// <summary><c>usr_…</c>, <c>app_…</c>, <c>system</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    public string? CredentialId { get; init; }

    public required string Action { get; init; }

    public string? TargetType { get; set; }

    public string? TargetId { get; set; }

    public string? Api { get; set; }

    /// <summary>The organization that the event concerns.</summary>
    public string? OrganizationId { get; set; }

    public string Result { get; init; } = Success;

    public string? Reason { get; set; }

    /// <summary>The changes, as the caller sees the record. <see cref="StoredChanges"/> defines how secrets and free text are stored.</summary>
    public IReadOnlyList<AuditChange>? Changes { get; set; }

    public string? Ip { get; init; }

    public string? Agent { get; init; }

    public string? RequestId { get; init; }

    public long Count { get; set; } = 1;

    /// <summary>Set if the request changed nothing: a second event for one revocation would report something that did not happen.</summary>
    public bool ChangedNothing { get; set; }

    /// <summary>Another event of the same request.</summary>
    public AuditEntry With(string action, string? targetType = null, string? targetId = null, string? reason = null) =>
        new()
        {
            Id = PublicId.Create("evt", PublicId.NewUuid7(DateTimeOffset.FromUnixTimeMilliseconds(At))),
            At = At,
            Actor = Actor,
            CredentialId = CredentialId,
            Action = action,
            TargetType = targetType,
            TargetId = targetId,
            Reason = reason,
            Ip = Ip,
            Agent = Agent,
            RequestId = RequestId,
            OrganizationId = OrganizationId,
        };
}
