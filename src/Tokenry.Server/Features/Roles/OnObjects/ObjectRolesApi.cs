using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles.OnObjects;

/// <summary><c>…/object-roles</c> below a user, an application and a member of an organization.</summary>
internal static class ObjectRolesApi
{
    public static IServiceCollection AddObjectRoles(this IServiceCollection services) => services.AddSingleton<ReviseObjectRoles>();

    public static void MapObjectRoles(this IEndpointRouteBuilder app)
    {
        MapOf(app, PrincipalAddress.User, "Users", [ManagementApi.UsersRead], [ManagementApi.UsersWrite]);
        MapOf(
            app,
            PrincipalAddress.Application,
            "Applications",
            [ManagementApi.ApplicationsRead, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationRead],
            [ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationApplications]
        );
        var members = app.MapGroup("/v1/organizations/{owner}/members/{id}/object-roles").WithTags("Organizations");
        members
            .MapGet(
                "",
                async (string owner, string id, Caller caller, ReviseObjectRoles revise) =>
                    TypedResults.Ok((await revise.ShowAsync(caller, ObjectRolesPlace.Member(owner, id))).Roles)
            )
            .WithSummary("Show the roles that the member has on some objects only, in the organization.")
            .Needs(ManagementApi.OrganizationsRead, ManagementApi.OrganizationRead);
        members
            .MapPut(
                "",
                async (string owner, string id, Caller caller, Body<ObjectRoles> body, ReviseObjectRoles revise) =>
                    TypedResults.Ok(await revise.ReplaceAsync(caller, ObjectRolesPlace.Member(owner, id), _ => body.Value.Items))
            )
            .WithSummary("Replace the roles that the member has on some objects only, in the organization.")
            .ChangesRights()
            .Needs(ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite);
    }

    private static void MapOf(IEndpointRouteBuilder app, Func<string, PrincipalAddress> of, string tag, string[] reads, string[] writes)
    {
        var type = of("").Type;
        var group = app.MapGroup($"/v1/{type}s/{{id}}/object-roles").WithTags(tag);
        group
            .MapGet(
                "",
                async (string id, Caller caller, ReviseObjectRoles revise) =>
                    TypedResults.Ok((await revise.ShowAsync(caller, new(of(id)))).Roles)
            )
            .WithSummary($"Show the roles that the {type} has on some objects only.")
            .Needs(reads);
        group
            .MapPut(
                "",
                async (string id, Caller caller, Body<ObjectRoles> body, ReviseObjectRoles revise) =>
                    TypedResults.Ok(await revise.ReplaceAsync(caller, new(of(id)), _ => body.Value.Items))
            )
            .WithSummary($"Replace the roles that the {type} has on some objects only.")
            .ChangesRights()
            .Needs(writes);
    }
}
