using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Users;

/// <summary><c>/v1/users</c></summary>
public static class UsersApi
{
    public static IServiceCollection AddUsers(this IServiceCollection services) =>
        services.AddSingleton<CreateUser>().AddSingleton<ReviseUser>().AddSingleton<ListUsers>().AddSingleton<BootstrapAdministrator>();

    public static void MapUsers(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/users").WithTags("Users");
        group
            .MapPost(
                "",
                async (Caller caller, Body<UserRequest> body, CreateUser create) =>
                {
                    var user = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/users/{user.Id}", user);
                }
            )
            .WithSummary("Create a user.")
            .Needs(ManagementApi.UsersWrite);
        group
            .MapGet("", async (Caller caller, Listing listing, ListUsers list) => TypedResults.Ok(await list.RunAsync(caller, listing)))
            .WithSummary("List users.")
            .Lists(ListUsers.Filters)
            .Needs(ManagementApi.UsersRead);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListUsers list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the user.")
            .Needs(ManagementApi.UsersRead);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, Body<UserPatch> body, ReviseUser revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Revise the user.")
            .ChangesRights()
            .Needs(ManagementApi.UsersWrite);
        group
            .MapDelete(
                "/{id}",
                async (
                    string id,
                    Caller caller,
                    string? reason,
                    [FromQuery(Name = OwnershipTransfer.TransferTo)] string? transferTo,
                    PrincipalOperations principals
                ) =>
                {
                    await principals.DeleteAsync(caller, PrincipalAddress.User(id), reason, transferTo);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary(
                "Delete the user and revoke their credentials. Their applications answer owner_disabled, unless transfer_to names a user or none."
            )
            .ChangesRights()
            .Needs(ManagementApi.UsersWrite);
        group
            .MapPost(
                "/{id}/revoke-all",
                async (string id, Caller caller, Body<RevokeAllRequest> body, RevokeAll revoke) =>
                    TypedResults.Ok(await revoke.RunAsync(caller, PrincipalAddress.User(id), body.Value))
            )
            .WithSummary("Revoke every credential and access token of the user, or those issued before a time.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.TokensOwn);
        group
            .MapPost(
                "/{id}/enable",
                async (string id, Caller caller, PrincipalOperations principals) =>
                    await SetEnabledAsync(principals, caller, id, enabled: true, transferTo: null)
            )
            .WithSummary("Enable the user.")
            .ChangesRights()
            .Needs(ManagementApi.UsersWrite);
        group
            .MapPost(
                "/{id}/disable",
                async (
                    string id,
                    Caller caller,
                    [FromQuery(Name = OwnershipTransfer.TransferTo)] string? transferTo,
                    PrincipalOperations principals
                ) => await SetEnabledAsync(principals, caller, id, enabled: false, transferTo)
            )
            .WithSummary(
                "Disable the user. Their credentials and applications answer owner_disabled; transfer_to gives the applications to a user or none."
            )
            .ChangesRights()
            .Needs(ManagementApi.UsersWrite);
    }

    private static async Task<Ok<User>> SetEnabledAsync(
        PrincipalOperations principals,
        Caller caller,
        string id,
        bool enabled,
        string? transferTo
    )
    {
        var (row, roles) = await principals.SetEnabledAsync(caller, PrincipalAddress.User(id), enabled, transferTo);
        return TypedResults.Ok(row.ToUser(roles));
    }
}
