using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary>Lists and shows applications.</summary>
public sealed class ListApplications(Gate gate)
{
    public static readonly string[] Filters = ["owner", "organization", "role", "weakness"];

    private static readonly Demand Demand = PrincipalAddress.Application("").Read;

    public Task<Page<Application>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadAsync(
            caller,
            Demand,
            "applications.listed",
            async read =>
            {
                var (rows, roles) = await PrincipalStore.ListAsync(
                    read.Connection,
                    PrincipalType.Application,
                    new PrincipalFilter(read.Reach)
                    {
                        Owner = listing.Id("owner", "usr"),
                        Organization = listing.Id("organization", "org"),
                        Role = listing.Id("role", "rol"),
                        OwnerBound = listing.OneOf("weakness", ApplicationWeakness.NotOwnerBound) is null ? null : 0,
                    },
                    listing.IdCursor("app"),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToApplication(read.Catalog, roles[row.Id]), row => row.Id);
            }
        );
    }

    public Task<Application> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            Demand,
            "application.read",
            async read =>
            {
                var (row, roles) = await PrincipalStore.ShowAsync(read.Connection, PrincipalType.Application, id, read.Reach);
                return row.ToApplication(read.Catalog, roles);
            }
        );
}
