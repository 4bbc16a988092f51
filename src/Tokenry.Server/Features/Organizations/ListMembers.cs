using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Lists and shows the members of an organization with their roles there.</summary>
public sealed class ListMembers(Gate gate)
{
    public Task<Page<OrganizationMember>> RunAsync(Caller caller, string id, Listing listing) =>
        gate.ReadAsync(
            caller,
            OrganizationOperations.Read,
            "organization.members_listed",
            async read =>
            {
                await OrganizationStore.FindAsync(read.Connection, id, read.Reach);
                var rows = await OrganizationStore.MembersAsync(read.Connection, id, listing.IdCursor("usr", "app"), listing.Limit + 1);
                return listing.ToPage(rows, row => row.ToMember(), row => row.Id);
            }
        );

    /// <exception cref="ProblemException">404: it is no member.</exception>
    public Task<OrganizationMember> ShowAsync(Caller caller, string id, string memberId) =>
        gate.ReadOneAsync(
            caller,
            OrganizationOperations.Read,
            "organization.member_read",
            async read =>
            {
                await OrganizationStore.FindAsync(read.Connection, id, read.Reach);
                return (await OrganizationStore.MemberAsync(read.Connection, id, memberId))?.ToMember()
                    ?? throw ProblemException.NotFound();
            }
        );
}
