using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>An approval as what it is about shows it.</summary>
public record CredentialApproval
{
    /// <summary><c>apr_…</c></summary>
    public required string Id { get; init; }

    /// <summary>A value of <see cref="ApprovalState"/>.</summary>
    public required string State { get; init; }

    /// <summary>
    /// Whose policy demanded it, or where the role counts: <c>server</c> or <c>org_…</c>. Its administrators decide, and those of the server.
    /// </summary>
    public required string DemandedBy { get; init; }

    /// <summary>Why the credential or role is needed, in the words of who asked for it; <c>null</c> if it was approved at once.</summary>
    public string? Justification { get; init; }

    /// <summary>When it was approved or denied.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>The principal that decided; <c>null</c> if the policy approved it at once, or while it is pending.</summary>
    public string? DecidedBy { get; init; }

    /// <summary>What the decider told.</summary>
    public string? Message { get; init; }
}

/// <summary>An approval in the queue, with the credential or the role that it is about.</summary>
public sealed record Approval : CredentialApproval
{
    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>The principal that made the credential and knows its secret, or the user who asked for the role.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>The credential with its permissions, objects, networks and expiry. It cannot change while it is pending. Absent if it is about a role.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Credential? Credential { get; init; }

    /// <summary>The role that a user asked for; absent if it is about a credential.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RequestedRole? Role { get; init; }
}

/// <summary>The role that a user asked for.</summary>
public sealed record RequestedRole
{
    /// <summary><c>rol_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Its name when the user asked for it.</summary>
    public required string Name { get; init; }

    /// <summary>The organization in which the user would have it; <c>null</c> = on the whole server.</summary>
    public string? OrganizationId { get; init; }
}

/// <summary>Body of <c>POST /v1/me/role-requests</c>.</summary>
public sealed record AskForRoleRequest
{
    /// <summary><c>rol_…</c>, one of <c>GET /v1/me/requestable-roles</c>.</summary>
    public required string Role { get; init; }

    /// <summary>
    /// The organization in which to have it, of which the user is a member; <c>null</c> = the one in which the calling credential acts; if it acts in none, on the
    /// whole server.
    /// </summary>
    public string? OrganizationId { get; init; }

    /// <summary>Why it is needed, 1…500 characters, for who decides.</summary>
    public required string Justification { get; init; }
}

/// <summary>A role that the calling user can ask for.</summary>
public sealed record RequestableRole
{
    /// <summary><c>rol_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>The organization in which the user can ask for it; <c>null</c> = on the whole server.</summary>
    public string? OrganizationId { get; init; }
}

/// <summary>Values of <see cref="CredentialApproval.State"/>.</summary>
public static class ApprovalState
{
    /// <summary>Nothing is decided; the credential does not work, and the user does not have the role.</summary>
    public const string Pending = "pending";

    /// <summary>The credential works, as far as its own state allows; the user got the role.</summary>
    public const string Approved = "approved";

    /// <summary>The credential was revoked; the user did not get the role.</summary>
    public const string Denied = "denied";

    /// <summary>The credential was revoked before a decision, or the user withdrew the request.</summary>
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
