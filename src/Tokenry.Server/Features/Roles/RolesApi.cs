using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Features.Roles.OnObjects;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles;

/// <summary><c>/v1/roles</c></summary>
public static class RolesApi
{
    public static IServiceCollection AddRoles(this IServiceCollection services) =>
        services.AddSingleton<CreateRole>().AddSingleton<ReviseRole>().AddSingleton<ListRoles>().AddObjectRoles();

    public static void MapRoles(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/roles").WithTags("Roles");
        group
            .MapPost(
                "",
                async (Caller caller, Body<RoleRequest> body, CreateRole create) =>
                {
                    var role = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/roles/{role.Id}", role);
                }
            )
            .WithSummary("Create a role.")
            .ChangesRights()
            .Needs(ManagementApi.RolesWrite);
        group
            .MapGet("", async (Caller caller, Listing listing, ListRoles list) => TypedResults.Ok(await list.RunAsync(caller, listing)))
            .WithSummary("List roles, the built-in ones first.")
            .Lists("name")
            .Needs(ManagementApi.RolesRead);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListRoles list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the role.")
            .Needs(ManagementApi.RolesRead);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, Body<RolePatch> body, ReviseRole revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Revise the role.")
            .ChangesRights()
            .Needs(ManagementApi.RolesWrite);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, ReviseRole revise) =>
                {
                    await revise.DeleteAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the role.")
            .ChangesRights()
            .Needs(ManagementApi.RolesWrite);
        app.MapObjectRoles();
    }
}
