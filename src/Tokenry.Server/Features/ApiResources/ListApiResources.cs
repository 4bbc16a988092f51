using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>Lists and shows API resources.</summary>
public sealed class ListApiResources(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.ApiResourcesRead);

    public Task<Page<ApiResource>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadAsync(
            caller,
            Demand,
            "api_resources.listed",
            async read =>
                listing.ToPage(
                    await ApiResourceStore.ListAsync(
                        read.Connection,
                        listing.Text("identifier"),
                        listing.IdCursor("res"),
                        listing.Limit + 1
                    ),
                    row => row.ToApiResource(),
                    row => row.Id
                )
        );
    }

    public async Task<ApiResource> ShowAsync(Caller caller, string id)
    {
        var row = await gate.ReadOneAsync(
            caller,
            Demand,
            "api_resource.read",
            async read => ReviseApiResource.IsId(id) ? await ApiResourceStore.FindAsync(read.Connection, id) : null
        );
        return (row ?? throw ProblemException.NotFound()).ToApiResource();
    }
}
