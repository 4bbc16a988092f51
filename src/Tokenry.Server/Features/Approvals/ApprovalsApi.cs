using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals;

/// <summary><c>/v1/approvals</c></summary>
public static class ApprovalsApi
{
    internal static readonly string[] Reads = [ManagementApi.ApprovalsRead, ManagementApi.OrganizationApprovals];
    internal static readonly string[] Writes = [ManagementApi.ApprovalsWrite, ManagementApi.OrganizationApprovals];

    internal static readonly Demand Read = new(ManagementApi.ApprovalsRead) { OrganizationScope = ManagementApi.OrganizationApprovals };
    internal static readonly Demand Write = new(ManagementApi.ApprovalsWrite) { OrganizationScope = ManagementApi.OrganizationApprovals };

    public static IServiceCollection AddApprovals(this IServiceCollection services) =>
        services.AddSingleton<ListApprovals>().AddSingleton<DecideApproval>();

    public static void MapApprovals(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/approvals").WithTags("Approvals");
        group
            .MapGet("", async (Caller caller, Listing listing, ListApprovals list) => TypedResults.Ok(await list.RunAsync(caller, listing)))
            .WithSummary("List the approvals that policies demanded of credentials, the oldest first.")
            .Lists(ListApprovals.Filters)
            .Needs(Reads);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListApprovals list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the approval and its credential.")
            .Needs(Reads);
        group
            .MapPost(
                "/{id}/approve",
                async (string id, Caller caller, Body<DecisionRequest> body, DecideApproval decide) =>
                    TypedResults.Ok(await decide.ApproveAsync(caller, id, body.Value.Message))
            )
            .WithSummary("Approve the credential: it works from now on.")
            .Needs(Writes);
        group
            .MapPost(
                "/{id}/deny",
                async (string id, Caller caller, Body<DecisionRequest> body, DecideApproval decide) =>
                    TypedResults.Ok(await decide.DenyAsync(caller, id, body.Value.Message))
            )
            .WithSummary("Deny the approval: the credential is revoked.")
            .Needs(Writes);
    }
}
