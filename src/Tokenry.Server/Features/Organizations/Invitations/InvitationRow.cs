using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>An invitation as stored, without the hash of its code.</summary>
public sealed class InvitationRow
{
    public const string Columns =
        "id, organization_id, roles AS stored_roles, email, note, created_by, created_with, created_in, created_at, expires_at, ended_as, ended_at, accepted_by";

    public string Id { get; init; } = "";

    public string OrganizationId { get; init; } = "";

    /// <summary>A JSON list.</summary>
    public string StoredRoles { get; init; } = "[]";

    public string? Email { get; init; }

    public string? Note { get; init; }

    /// <summary>The inviter.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>The credential that the inviter used; <c>null</c> = a session.</summary>
    public string? CreatedWith { get; init; }

    /// <summary>The organization in which the inviter acted; <c>null</c> = on the whole server.</summary>
    public string? CreatedIn { get; init; }

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }

    /// <summary>How it ended, a value of <see cref="InvitationState"/>; <c>null</c> = not, or by its expiry.</summary>
    public string? EndedAs { get; init; }

    public long? EndedAt { get; init; }

    public string? AcceptedBy { get; init; }

    public IReadOnlyList<string> Roles => JsonColumn.Read<IReadOnlyList<string>>(StoredRoles);

    /// <param name="now">Unix ms.</param>
    public string StateAt(long now) => EndedAs ?? (ExpiresAt > now ? InvitationState.Pending : InvitationState.Expired);

    /// <param name="now">Unix ms.</param>
    /// <param name="url">The address with the code; only in the answer that creates it.</param>
    public Invitation ToInvitation(long now, string? url = null) =>
        new()
        {
            Id = Id,
            OrganizationId = OrganizationId,
            Roles = Roles,
            Email = Email,
            Note = Note,
            State = StateAt(now),
            CreatedBy = CreatedBy,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAt),
            EndedAt = EndedAt is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
            AcceptedBy = AcceptedBy,
            Url = url,
        };
}
