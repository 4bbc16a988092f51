namespace Tokenry.Protocol.Api;

/// <summary>The approval of a credential, as the credential shows it.</summary>
public record CredentialApproval
{
    /// <summary><c>apr_…</c></summary>
    public required string Id { get; init; }

    /// <summary>A value of <see cref="ApprovalState"/>.</summary>
    public required string State { get; init; }

    /// <summary>Whose policy demanded it: <c>server</c> or <c>org_…</c>. Its administrators decide, and those of the server.</summary>
    public required string DemandedBy { get; init; }

    /// <summary>Why the credential is needed, in the words of who asked for it; <c>null</c> if it was approved at once.</summary>
    public string? Justification { get; init; }

    /// <summary>When it was approved or denied.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>The principal that decided; <c>null</c> if the policy approved it at once, or while it is pending.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>What the decider told.</summary>
    public string? Message { get; init; }
}

/// <summary>An approval in the queue, with the credential that it is about.</summary>
public sealed record Approval : CredentialApproval
{
    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>The principal that made the credential and knows its secret.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>The credential with its permissions, objects, networks and expiry. It cannot change while it is pending.</summary>
    public required Credential Credential { get; init; }
}

/// <summary>Values of <see cref="CredentialApproval.State"/>.</summary>
public static class ApprovalState
{
    /// <summary>Nothing is decided; the credential does not work.</summary>
    public const string Pending = "pending";

    /// <summary>The credential works, as far as its own state allows.</summary>
    public const string Approved = "approved";

    /// <summary>The credential was revoked.</summary>
    public const string Denied = "denied";

    /// <summary>The credential was revoked before a decision.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>The credential expired before a decision.</summary>
    public const string Expired = "expired";
}

/// <summary>Body of <c>POST /v1/approvals/{id}/approve</c> and <c>…/deny</c>.</summary>
public sealed record DecisionRequest
{
    /// <summary>For who asked, 1…150 characters.</summary>
    public string? Message { get; init; }
}
