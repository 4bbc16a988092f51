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
            .WithSummary("Revise the API resource.")
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
                "409 in_use with what uses it: roles, credentials and applications; force=true takes it from them in the same step. An API that is registered "
                    + "under its identifier later is another: no grant and no access token of this one opens it."
            )
            .ChangesRights()
            .Needs(ManagementApi.ApiResourcesWrite);
    }
}
