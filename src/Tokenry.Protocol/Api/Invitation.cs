using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>An invitation of a person to an organization. Its link works once.</summary>
public sealed class Invitation
{
    /// <summary><c>inv_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The organization, <c>org_…</c>.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>Ids of the roles that the person gets in this organization; at least one.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The e-mail address of the invited person; <c>null</c> = not named. A new account gets this address, and no other.</summary>
    public required string? Email { get; init; }

    /// <summary>A note of the inviter, such as the name of the person; <c>null</c> = none.</summary>
    public required string? Note { get; init; }

    /// <summary>A value of <see cref="InvitationState"/>.</summary>
    public required string State { get; init; }

    /// <summary>The inviter, <c>usr_…</c> or <c>app_…</c>.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the link stops working.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was accepted, declined or revoked; <c>null</c> = it was not.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>The user who accepted it; <c>null</c> = no user did.</summary>
    public required string? AcceptedBy { get; init; }

    /// <summary>Only in the answer to its creation: the address to open. Give it to the person and to no other: its holder can accept it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }
}

/// <summary>Values of <see cref="Invitation.State"/>.</summary>
public static class InvitationState
{
    /// <summary>The link works.</summary>
    public const string Pending = "pending";

    /// <summary>A user accepted it and is a member since.</summary>
    public const string Accepted = "accepted";

    /// <summary>The invited person declined it.</summary>
    public const string Declined = "declined";

    /// <summary>An administrator took it back.</summary>
    public const string Revoked = "revoked";

    /// <summary>Its time is over.</summary>
    public const string Expired = "expired";
}

/// <summary>Body of <c>POST /v1/organizations/{id}/invitations</c>.</summary>
public sealed record InvitationRequest
{
    /// <summary>Ids of the roles that the person gets in this organization. Absent = <c>organization_member</c>.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <inheritdoc cref="Invitation.Email"/>
    public string? Email { get; init; }

    /// <summary>At most 200 characters. <inheritdoc cref="Invitation.Note"/></summary>
    public string? Note { get; init; }

    /// <summary>When the link stops working: at most 30 days ahead. Absent = in 7 days.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
