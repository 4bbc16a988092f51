using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary>Lists and shows applications.</summary>
public sealed class ListApplications(Gate gate, CatalogCache catalogs)
{
    public static readonly string[] Filters = ["owner", "weakness"];

    private static readonly Demand Demand = new(ManagementApi.ApplicationsRead, ManagementApi.ApplicationsOwn);

    public async Task<Page<Application>> RunAsync(Caller caller, Listing listing)
    {
        var catalog = await catalogs.GetAsync();
        return await gate.ReadAsync(
            caller,
            Demand,
            "applications.listed",
            async (connection, reach) =>
            {
                var (rows, roles) = await PrincipalStore.ListAsync(
                    connection,
                    PrincipalType.Application,
                    new PrincipalFilter(reach.OwnOf)
                    {
                        Owner = listing.Id("owner", "usr"),
                        OwnerBound = listing.OneOf("weakness", ApplicationWeakness.NotOwnerBound) is null ? null : 0,
                    },
                    listing.IdCursor("app"),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToApplication(catalog, roles[row.Id]), row => row.Id);
            }
        );
    }

    public async Task<Application> ShowAsync(Caller caller, string id)
    {
        var catalog = await catalogs.GetAsync();
        var (row, roles) = await gate.ReadOneAsync(
            caller,
            Demand,
            "application.read",
            (connection, reach) => PrincipalStore.ShowAsync(connection, PrincipalType.Application, id, reach)
        );
        return row.ToApplication(catalog, roles);
    }
}
