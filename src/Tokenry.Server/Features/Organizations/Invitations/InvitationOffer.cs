using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>What the holder of a link learns before accepting.</summary>
public sealed class InvitationOffer
{
    /// <summary>Beside the values of <see cref="InvitationState"/>: no link works while the organization is disabled.</summary>
    public const string OrganizationDisabled = "organization_disabled";

    public required InvitationRow Row { get; init; }

    /// <summary>The name of the organization.</summary>
    public required string Organization { get; init; }

    /// <summary>The name of the inviter.</summary>
    public required string Inviter { get; init; }

    /// <summary>A value of <see cref="InvitationState"/>, or <see cref="OrganizationDisabled"/>.</summary>
    public required string State { get; init; }

    /// <summary>Whether a person without an account can make one.</summary>
    public required bool MayMakeAccount { get; init; }

    public bool IsPending => State == InvitationState.Pending;
}
