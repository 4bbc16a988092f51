using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.Users;

/// <summary><c>/v1/users</c></summary>
public static class UsersApi
{
    private static readonly Demand Write = new(ManagementApi.UsersWrite);

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
            .Lists("email")
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
            .Needs(ManagementApi.UsersWrite);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, string? reason, PrincipalOperations principals) =>
                {
                    await principals.DeleteAsync(caller, Write, PrincipalType.User, id, reason);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the user and revoke all it owns.")
            .Needs(ManagementApi.UsersWrite);
        group
            .MapPost(
                "/{id}/revoke-all",
                async (string id, Caller caller, Body<RevokeAllRequest> body, RevokeAll revoke) =>
                    TypedResults.Ok(await revoke.RunAsync(caller, PrincipalType.User, id, body.Value))
            )
            .WithSummary("Revoke every credential and access token of the user, or those issued before a time.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.TokensOwn);
        foreach (var enabled in new[] { true, false })
        {
            group
                .MapPost(
                    enabled ? "/{id}/enable" : "/{id}/disable",
                    async (string id, Caller caller, PrincipalOperations principals) =>
                    {
                        var (row, roles) = await principals.SetEnabledAsync(caller, Write, PrincipalType.User, id, enabled);
                        return TypedResults.Ok(UserRules.ToUser(row, roles));
                    }
                )
                .WithSummary(enabled ? "Enable the user." : "Disable the user.")
                .Needs(ManagementApi.UsersWrite);
        }
    }
}
