using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiResources;

/// <summary><c>/v1/api-resources</c></summary>
public static class ApiResourcesApi
{
    public static IServiceCollection AddApiResources(this IServiceCollection services) =>
        services
            .AddSingleton<SigningKeyOnDemand>()
            .AddSingleton<CreateApiResource>()
            .AddSingleton<ReviseApiResource>()
            .AddSingleton<ListApiResources>();

    public static void MapApiResources(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/api-resources").WithTags("API resources");
        group
            .MapPost(
                "",
                async (Caller caller, Body<ApiResourceRequest> body, CreateApiResource create) =>
                {
                    var resource = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/api-resources/{resource.Id}", resource);
                }
            )
            .WithSummary("Register an API resource.")
            .Needs(ManagementApi.ApiResourcesWrite);
        group
            .MapGet(
                "",
                async (Caller caller, Listing listing, ListApiResources list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("List API resources.")
            .Lists("identifier")
            .Needs(ManagementApi.ApiResourcesRead);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListApiResources list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the API resource.")
            .Needs(ManagementApi.ApiResourcesRead);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, Body<ApiResourcePatch> body, ReviseApiResource revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Update the API resource.")
            .ChangesRights()
            .Needs(ManagementApi.ApiResourcesWrite);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, bool? force, ReviseApiResource revise) =>
                {
                    await revise.DeleteAsync(caller, id, force == true);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the API resource.")
            .WithDescription(
                "409 in_use names its uses: roles, credentials and applications. force=true removes it from them in the same request. If an API is later registered "
                    + "under the same identifier, the grants and access tokens of the deleted one do not work there."
            )
            .ChangesRights()
            .Needs(ManagementApi.ApiResourcesWrite);
    }
}
