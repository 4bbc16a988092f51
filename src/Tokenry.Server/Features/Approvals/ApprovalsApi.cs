using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Features.Approvals.RoleRequests;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals;

/// <summary><c>/v1/approvals</c></summary>
public static class ApprovalsApi
{
    /// <summary>The scopes of approvals, and those that give roles (<see cref="ApprovalRights"/>).</summary>
    internal static readonly string[] Reads = [ManagementApi.ApprovalsRead, ManagementApi.OrganizationApprovals, .. GiveRoles];

    /// <inheritdoc cref="Reads"/>
    internal static readonly string[] Writes = [ManagementApi.ApprovalsWrite, ManagementApi.OrganizationApprovals, .. GiveRoles];

    internal static readonly Demand Write = new(ManagementApi.ApprovalsWrite) { OrganizationScope = ManagementApi.OrganizationApprovals };

    private static string[] GiveRoles => [ManagementApi.UsersWrite, ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite];

    public static IServiceCollection AddApprovals(this IServiceCollection services) =>
        services.AddSingleton<ListApprovals>().AddSingleton<DecideApproval>().AddSingleton<DecideRoleRequest>().AddRoleRequests();

    public static void MapApprovals(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/approvals").WithTags("Approvals");
        group
            .MapGet("", async (Caller caller, Listing listing, ListApprovals list) => TypedResults.Ok(await list.RunAsync(caller, listing)))
            .WithSummary("List the approvals that policies demanded of credentials and the requests of users for roles, the oldest first.")
            .Lists(ListApprovals.Filters)
            .Needs(Reads);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListApprovals list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the approval and its credential, or the request and its role.")
            .Needs(Reads);
        group
            .MapPost(
                "/{id}/approve",
                async (string id, Caller caller, Body<DecisionRequest> body, DecideApproval decide) =>
                    TypedResults.Ok(await decide.ApproveAsync(caller, id, body.Value.Message))
            )
            .WithSummary("Approve the credential: it works from now on. Or give the role that a user asked for.")
            .ChangesRights()
            .Needs(Writes);
        group
            .MapPost(
                "/{id}/deny",
                async (string id, Caller caller, Body<DecisionRequest> body, DecideApproval decide) =>
                    TypedResults.Ok(await decide.DenyAsync(caller, id, body.Value.Message))
            )
            .WithSummary("Deny the approval: the credential is revoked. Or deny the role that a user asked for.")
            .Needs(Writes);
        app.MapRoleRequests();
    }
}
