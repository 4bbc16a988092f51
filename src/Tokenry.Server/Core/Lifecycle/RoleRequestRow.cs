using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>A request of a user for a role, as stored.</summary>
public sealed record RoleRequestRow
{
    public const string Columns =
        "id, user_id, role_id, role_name, organization_id, justification, state, requested_at, decided_at, decided_by, message";

    /// <summary>The prefix of the public ids.</summary>
    public const string IdPrefix = "rrq";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string RoleId { get; init; } = "";

    /// <summary>The name of the role when the user asked for it.</summary>
    public string RoleName { get; init; } = "";

    /// <summary>The organization in which the user asked for it; <c>null</c> = on the whole server.</summary>
    public string? OrganizationId { get; init; }

    public string Justification { get; init; } = "";

    /// <summary>One of <see cref="ApprovalState"/>.</summary>
    public string State { get; init; } = "";

    public long RequestedAt { get; init; }

    public long? DecidedAt { get; init; }

    public string? DecidedBy { get; init; }

    public string? Message { get; init; }

    /// <summary>The request as the queue and the user see it.</summary>
    public Approval ToApproval() =>
        new()
        {
            Id = Id,
            State = State,
            DemandedBy = OrganizationId ?? PolicyStore.Server,
            Justification = Justification,
            DecidedAt = DecidedAt is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            DecidedBy = DecidedBy,
            Message = Message,
            RequestedAt = DateTimeOffset.FromUnixTimeMilliseconds(RequestedAt),
            RequestedBy = UserId,
            Role = new()
            {
                Id = RoleId,
                Name = RoleName,
                OrganizationId = OrganizationId,
            },
        };
}
