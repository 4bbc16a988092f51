using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals.RoleRequests;

/// <summary><c>/v1/me/role-requests</c> and <c>/v1/me/requestable-roles</c></summary>
internal static class RoleRequestsApi
{
    public static IServiceCollection AddRoleRequests(this IServiceCollection services) =>
        services.AddSingleton<RoleOffer>().AddSingleton<AskForRole>().AddSingleton<OwnRoleRequests>();

    public static void MapRoleRequests(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/me/requestable-roles", async (Caller caller, RoleOffer offer) => TypedResults.Ok(await offer.ListAsync(caller)))
            .WithTags("Approvals")
            .WithSummary("List the roles that you can ask for: on the whole server, and in the organizations of which you are a member.")
            .Needs(ManagementApi.TokensOwn);
        var own = app.MapGroup("/v1/me/role-requests").WithTags("Approvals");
        own.MapGet(
                "",
                async (Caller caller, Listing listing, OwnRoleRequests requests) =>
                    TypedResults.Ok(await requests.ListAsync(caller, listing))
            )
            .WithSummary("List your requests for roles, the newest first.")
            .Lists()
            .Needs(ManagementApi.TokensOwn);
        own.MapPost(
                "",
                async (Caller caller, Body<AskForRoleRequest> body, AskForRole ask) =>
                {
                    var asked = await ask.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/me/role-requests/{asked.Id}", asked);
                }
            )
            .WithSummary("Ask for a role. Those who may give it see the request in the queue of approvals.")
            .Needs(ManagementApi.TokensOwn);
        own.MapGet(
                "/{id}",
                async (string id, Caller caller, OwnRoleRequests requests) => TypedResults.Ok(await requests.ShowAsync(caller, id))
            )
            .WithSummary("Show your request for a role.")
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "/{id}",
                async (string id, Caller caller, OwnRoleRequests requests) =>
                {
                    await requests.WithdrawAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Withdraw your request for a role.")
            .Needs(ManagementApi.TokensOwn);
    }
}
