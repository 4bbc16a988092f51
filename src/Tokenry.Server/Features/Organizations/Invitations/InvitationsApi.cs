using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary><c>/v1/organizations/{id}/invitations</c></summary>
internal static class InvitationsApi
{
    /// <summary>The target type of audit events.</summary>
    public const string Noun = "invitation";

    internal static readonly string[] Reads = [ManagementApi.OrganizationsRead, ManagementApi.OrganizationWrite];
    internal static readonly string[] Writes = [ManagementApi.OrganizationsWrite, ManagementApi.OrganizationWrite];

    public static IServiceCollection AddInvitations(this IServiceCollection services) =>
        services
            .AddSingleton<CreateInvitation>()
            .AddSingleton<ListInvitations>()
            .AddSingleton<RevokeInvitation>()
            .AddSingleton<AcceptInvitation>()
            .AddSingleton<JoinByInvitation>();

    public static void MapInvitations(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/organizations/{owner}/invitations").WithTags("Organizations");
        group
            .MapGet(
                "",
                async (string owner, Caller caller, Listing listing, ListInvitations list) =>
                    TypedResults.Ok(await list.RunAsync(caller, owner, listing))
            )
            .WithSummary("List the invitations to the organization, also those that ended in the last 30 days.")
            .Lists(ListInvitations.StateFilter)
            .Needs(Reads);
        group
            .MapGet(
                "/{id}",
                async (string owner, string id, Caller caller, ListInvitations list) =>
                    TypedResults.Ok(await list.ShowAsync(caller, owner, id))
            )
            .WithSummary("Show the invitation.")
            .Needs(Reads);
        group
            .MapPost(
                "",
                async (string owner, Caller caller, Body<InvitationRequest> body, CreateInvitation create) =>
                {
                    var invitation = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/organizations/{owner}/invitations/{invitation.Id}", invitation);
                }
            )
            .WithSummary(
                "Invite a person to the organization. The answer has a link that works once, and that the server does not show again."
            )
            .Needs(Writes);
        group
            .MapDelete(
                "/{id}",
                async (string owner, string id, Caller caller, RevokeInvitation revoke) =>
                {
                    await revoke.RunAsync(caller, owner, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Revoke the invitation.")
            .Needs(Writes);
    }
}
