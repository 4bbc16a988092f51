using Microsoft.AspNetCore.Mvc;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/v1/credentials</c>: credentials of every kind, limited to what the caller may see.</summary>
public static class CredentialsApi
{
    private static readonly string[] Reads =
    [
        ManagementApi.CredentialsRead,
        ManagementApi.TokensOwn,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationRead,
        ManagementApi.OrganizationCredentials,
    ];

    private static readonly string[] Writes =
    [
        ManagementApi.CredentialsWrite,
        ManagementApi.TokensOwn,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
        ManagementApi.OrganizationCredentials,
    ];

    public static IServiceCollection AddCredentials(this IServiceCollection services) =>
        services.AddSingleton<RevokeDescendants>().AddSingleton<ChangeInBulk>();

    public static void MapCredentials(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/credentials").WithTags("Credentials");
        group
            .MapGet(
                "",
                async (Caller caller, Listing listing, ListCredentials list) =>
                    TypedResults.Ok(await list.RunAsync(caller, CredentialFamily.All, ownerId: null, listing))
            )
            .WithSummary("List credentials of every kind.")
            .Lists(ListCredentials.Filters)
            .Needs(Reads);
        group
            .MapGet(
                "/{id}/descendants",
                async (string id, Caller caller, Listing listing, ListCredentials list) =>
                    TypedResults.Ok(await list.DescendantsAsync(caller, id, listing))
            )
            .WithSummary("List the credentials that a credential created, directly or through its descendants.")
            .Lists(ListCredentials.Filters)
            .Needs(Reads);
        group
            .MapPost(
                "/{id}/descendants/revoke",
                async (string id, Caller caller, HttpContext http, Body<DescendantsRevocationRequest> body, RevokeDescendants revoke) =>
                {
                    var (revoked, left) = await revoke.RunAsync(caller, id, body.Value);
                    CredentialRoutes.TellDescendants(http, left);
                    return TypedResults.Ok(new RevokedCount(revoked));
                }
            )
            .WithSummary("Revoke every credential that a credential created, no matter who owns it.")
            .Needs(Writes);
        var bulk = group.MapGroup("/bulk");
        bulk.MapPost(
                "/revoke",
                async (
                    Caller caller,
                    Listing listing,
                    [FromQuery(Name = "dry_run")] bool? isDry,
                    Body<BulkRevocationRequest> body,
                    ChangeInBulk change
                ) => TypedResults.Ok(await change.RevokeAsync(caller, listing, isDry ?? false, body.Value))
            )
            .WithSummary("Revoke the credentials that the filters find, a page at a time.")
            .Lists(ListCredentials.Filters)
            .Needs(Writes);
        bulk.MapPost(
                "/disable",
                async (Caller caller, Listing listing, [FromQuery(Name = "dry_run")] bool? isDry, ChangeInBulk change) =>
                    TypedResults.Ok(await change.DisableAsync(caller, listing, isDry ?? false))
            )
            .WithSummary("Disable the credentials that the filters find, a page at a time.")
            .Lists(ListCredentials.Filters)
            .Needs(Writes);
        bulk.MapPost(
                "/rotate",
                async (
                    Caller caller,
                    Listing listing,
                    [FromQuery(Name = "dry_run")] bool? isDry,
                    Body<BulkRotationRequest> body,
                    ChangeInBulk change
                ) => TypedResults.Ok(await change.RotateAsync(caller, listing, isDry ?? false, body.Value))
            )
            .WithSummary("Rotate the credentials that the filters find, a page at a time: each gets a new secret under the same id.")
            .Lists(ListCredentials.Filters)
            .Needs(Writes);
    }
}
