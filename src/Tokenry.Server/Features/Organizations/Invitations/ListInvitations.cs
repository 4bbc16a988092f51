using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>
/// Lists and shows the invitations to an organization, also those that ended lately. They name people who are no members, so that a member needs the right to
/// invite.
/// </summary>
public sealed class ListInvitations(Gate gate, TimeProvider time)
{
    public const string StateFilter = "state";

    internal static readonly Demand Demand = new(ManagementApi.OrganizationsRead) { OrganizationScope = ManagementApi.OrganizationWrite };

    private static readonly string[] States =
    [
        InvitationState.Pending,
        InvitationState.Accepted,
        InvitationState.Declined,
        InvitationState.Revoked,
        InvitationState.Expired,
    ];

    public Task<Page<Invitation>> RunAsync(Caller caller, string organizationId, Listing listing) =>
        gate.ReadAsync(
            caller,
            Demand,
            "organization.invitations_listed",
            async read =>
            {
                await OrganizationStore.FindAsync(read.Connection, organizationId, read.Reach);
                var rows = await InvitationStore.ListAsync(
                    read.Connection,
                    new InvitationFilter(organizationId, listing.OneOf(StateFilter, States), Now),
                    listing.IdCursor("inv"),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToInvitation(Now), row => row.Id);
            }
        );

    /// <exception cref="ProblemException">404: the organization has no such invitation.</exception>
    public Task<Invitation> ShowAsync(Caller caller, string organizationId, string id) =>
        gate.ReadOneAsync(
            caller,
            Demand,
            "organization.invitation_read",
            async read =>
            {
                await OrganizationStore.FindAsync(read.Connection, organizationId, read.Reach);
                var row = PublicId.IsWellFormed(id, "inv") ? await InvitationStore.FindAsync(read.Connection, organizationId, id) : null;
                return row?.ToInvitation(Now) ?? throw ProblemException.NotFound();
            }
        );

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
