using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Features.Organizations.Invitations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary><c>/v1/organizations</c>, and below one of them <c>/members</c></summary>
public static class OrganizationsApi
{
    private static readonly string[] Reads = [ManagementApi.OrganizationsRead, ManagementApi.OrganizationRead];
    private static readonly string[] Writes = [ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite];

    public static IServiceCollection AddOrganizations(this IServiceCollection services) =>
        services
            .AddSingleton<CreateOrganization>()
            .AddSingleton<ListOrganizations>()
            .AddSingleton<ReviseOrganization>()
            .AddSingleton<SetOrganizationEnabled>()
            .AddSingleton<DeleteOrganization>()
            .AddSingleton<ListMembers>()
            .AddSingleton<AddMember>()
            .AddSingleton<ReplaceMemberRoles>()
            .AddSingleton<RemoveMember>()
            .AddSingleton<ListMemberTokens>()
            .AddSingleton<ExcludeMemberToken>()
            .AddInvitations();

    public static void MapOrganizations(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/organizations").WithTags("Organizations");
        group
            .MapPost(
                "",
                async (Caller caller, Body<OrganizationRequest> body, CreateOrganization create) =>
                {
                    var organization = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/organizations/{organization.Id}", organization);
                }
            )
            .WithSummary("Create an organization.")
            .Needs(ManagementApi.OrganizationsWrite);
        group
            .MapGet(
                "",
                async (Caller caller, Listing listing, ListOrganizations list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("List organizations.")
            .Lists()
            .Needs(Reads);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListOrganizations list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the organization.")
            .Needs(Reads);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, Body<OrganizationPatch> body, ReviseOrganization revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Rename the organization.")
            .Needs(Writes);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, DeleteOrganization delete) =>
                {
                    await delete.RunAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the organization, which must be empty.")
            .Needs(ManagementApi.OrganizationsWrite);
        foreach (var enabled in new[] { true, false })
        {
            group
                .MapPost(
                    enabled ? "/{id}/enable" : "/{id}/disable",
                    async (string id, Caller caller, SetOrganizationEnabled set) => TypedResults.Ok(await set.RunAsync(caller, id, enabled))
                )
                .WithSummary(
                    enabled ? "Enable the organization." : "Disable the organization. Credentials that act in it answer owner_disabled."
                )
                .Needs(ManagementApi.OrganizationsWrite);
        }

        MapMembers(app);
        MapTokens(app);
        app.MapInvitations();
    }

    private static void MapTokens(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/organizations/{owner}/tokens").WithTags("Organizations");
        group
            .MapGet(
                "",
                async (string owner, Caller caller, Listing listing, ListMemberTokens list) =>
                    TypedResults.Ok(await list.RunAsync(caller, owner, listing))
            )
            .WithSummary("List the personal access tokens of members that name the organization among others.")
            .Lists()
            .Needs(ManagementApi.CredentialsRead, ManagementApi.OrganizationCredentials);
        group
            .MapDelete(
                "/{id}",
                async (string owner, string id, Caller caller, ExcludeMemberToken exclude) =>
                {
                    await exclude.RunAsync(caller, owner, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("End what the token may do in the organization; for the other organizations that it names it lives on.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.OrganizationCredentials);
    }

    private static void MapMembers(IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/organizations/{owner}/members").WithTags("Organizations");
        group
            .MapGet(
                "",
                async (string owner, Caller caller, Listing listing, ListMembers list) =>
                    TypedResults.Ok(await list.RunAsync(caller, owner, listing))
            )
            .WithSummary("List the members of the organization with their roles there.")
            .Lists()
            .Needs(Reads);
        group
            .MapGet(
                "/{id}",
                async (string owner, string id, Caller caller, ListMembers list) => TypedResults.Ok(await list.ShowAsync(caller, owner, id))
            )
            .WithSummary("Show the member with its roles in the organization.")
            .Needs(Reads);
        group
            .MapPost(
                "",
                async (string owner, Caller caller, Body<OrganizationMemberRequest> body, AddMember add) =>
                    TypedResults.Ok(await add.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Add a member to the organization, or give a member more roles there.")
            .ChangesRights()
            .Needs(Writes);
        group
            .MapPut(
                "/{id}",
                async (string owner, string id, Caller caller, Body<OrganizationRolesRequest> body, ReplaceMemberRoles replace) =>
                    TypedResults.Ok(await replace.RunAsync(caller, owner, id, body.Value))
            )
            .WithSummary("Replace the roles of the member in the organization.")
            .ChangesRights()
            .Needs(Writes);
        group
            .MapDelete(
                "/{id}",
                async (string owner, string id, Caller caller, RemoveMember remove) =>
                    TypedResults.Ok(await remove.RunAsync(caller, owner, id))
            )
            .WithSummary("Remove the member from the organization.")
            .ChangesRights()
            .Needs(Writes);
    }
}
