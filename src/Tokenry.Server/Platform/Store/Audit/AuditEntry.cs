using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>An audit event on its way to the chain, which gives it its place and its hash. What is not known stays <c>null</c>.</summary>
public sealed class AuditEntry
{
    public const string Success = "success";
    public const string Denied = "denied";

    /// <summary>The actor where nobody is known.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The actor where the server acts by itself.</summary>
    public const string System = "system";

    /// <summary>Nothing was asked or refused: something was noticed.</summary>
    public const string Signal = "signal";

    public required string Id { get; init; }

    public required long At { get; init; }

    /// <summary>Of an entry that stands for several: when the last was, <see cref="At"/> being the first.</summary>
    public long? LastAt { get; init; }

    /// <summary><c>usr_…</c>, <c>app_…</c>, <c>system</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    public string? CredentialId { get; init; }

    public required string Action { get; init; }

    public string? TargetType { get; set; }

    public string? TargetId { get; set; }

    public string? Api { get; set; }

    public string Result { get; init; } = Success;

    public string? Reason { get; set; }

    /// <summary>What was changed, as the caller sees the record; secrets and free text are stored as <see cref="StoredChanges"/> has them.</summary>
    public IReadOnlyList<AuditChange>? Changes { get; set; }

    public string? Ip { get; init; }

    public string? Agent { get; init; }

    public string? RequestId { get; init; }

    public long Count { get; set; } = 1;

    /// <summary>Set where everything was as asked before: a second event for one revocation would tell of something that did not happen.</summary>
    public bool ChangedNothing { get; set; }

    /// <summary>Another event of the same request: something that happened with this one.</summary>
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
        };
}
