using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/v1/credentials</c>: every credential, whatever its kind, for who may see them.</summary>
public static class CredentialsApi
{
    public static void MapCredentials(this IEndpointRouteBuilder app) =>
        app.MapGet(
                "/v1/credentials",
                async (Caller caller, Listing listing, ListCredentials list) =>
                    TypedResults.Ok(await list.RunAsync(caller, CredentialFamily.All, ownerId: null, listing))
            )
            .WithTags("Credentials")
            .WithSummary("List credentials of every kind.")
            .Lists(ListCredentials.Filters)
            .Needs(ManagementApi.CredentialsRead, ManagementApi.TokensOwn, ManagementApi.ApplicationsOwn);
}
