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

    public static IServiceCollection AddCredentials(this IServiceCollection services) => services.AddSingleton<RevokeDescendants>();

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
            .Needs(
                ManagementApi.CredentialsWrite,
                ManagementApi.TokensOwn,
                ManagementApi.ApplicationsOwn,
                ManagementApi.OrganizationApplications,
                ManagementApi.OrganizationCredentials
            );
    }
}
