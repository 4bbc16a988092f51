using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/v1/credentials</c>: every credential, whatever its kind, for who may see them.</summary>
public static class CredentialsApi
{
    private static readonly CredentialFamily[] All =
    [
        CredentialFamily.ApiKeys,
        CredentialFamily.PersonalAccessTokens,
        CredentialFamily.ClientSecrets,
    ];

    public static void MapCredentials(this IEndpointRouteBuilder app) =>
        app.MapGet(
                "/v1/credentials",
                async (Caller caller, Listing listing, ListCredentials list) =>
                    TypedResults.Ok(await list.RunAsync(caller, All, ownerId: null, listing))
            )
            .WithTags("Credentials")
            .WithSummary("List credentials of every kind.")
            .Lists(ListCredentials.Filters)
            .Needs(ManagementApi.CredentialsRead, ManagementApi.TokensOwn, ManagementApi.ApplicationsOwn);
}
