using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Lists and shows organizations. A credential that acts in an organization sees that one.</summary>
public sealed class ListOrganizations(Gate gate)
{
    public Task<Page<Organization>> RunAsync(Caller caller, Listing listing) =>
        gate.ReadAsync(
            caller,
            OrganizationOperations.Read,
            "organizations.listed",
            async read =>
            {
                var rows = await OrganizationStore.ListAsync(read.Connection, read.Reach, listing.IdCursor("org"), listing.Limit + 1);
                return listing.ToPage([.. rows], row => row.ToOrganization(), row => row.Id);
            }
        );

    public Task<Organization> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            OrganizationOperations.Read,
            "organization.read",
            async read => (await OrganizationStore.FindAsync(read.Connection, id, read.Reach)).ToOrganization()
        );
}
