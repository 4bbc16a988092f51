using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.PersonalAccessTokens;

/// <summary><c>/v1/tokens</c> (all users), <c>/v1/users/{id}/tokens</c> and <c>/v1/me/tokens</c> (the caller's own)</summary>
public static class PersonalAccessTokensApi
{
    private static readonly CredentialFamily Family = CredentialFamily.PersonalAccessTokens;

    public static IServiceCollection AddPersonalAccessTokens(this IServiceCollection services) =>
        services.AddSingleton<CreatePersonalAccessToken>().AddSingleton<IssueAdminToken>();

    public static void MapPersonalAccessTokens(this IEndpointRouteBuilder app)
    {
        var all = app.MapGroup("/v1/tokens").WithTags("Personal access tokens");
        all.MapList(Family);
        all.MapLife(Family);

        var ofUser = app.MapGroup("/v1/users/{owner}/tokens").WithTags("Personal access tokens");
        ofUser
            .MapPost(
                "",
                async (string owner, Caller caller, Body<CredentialRequest> body, CreatePersonalAccessToken create) =>
                    Created("/v1/tokens", await create.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Create a personal access token for the user.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.UsersTokensWrite, ManagementApi.TokensOwn);
        ofUser.MapList(Family);
        ofUser.MapLife(Family);

        var own = app.MapGroup("/v1/me/tokens").WithTags("Personal access tokens");
        own.MapPost(
                "",
                async (Caller caller, Body<CredentialRequest> body, CreatePersonalAccessToken create) =>
                    Created("/v1/me/tokens", await create.RunAsync(caller, caller.Principal.Id, body.Value))
            )
            .WithSummary("Create a personal access token of your own.")
            .Needs(ManagementApi.TokensOwn, ManagementApi.CredentialsWrite, ManagementApi.UsersTokensWrite);
        own.MapList(Family, ownedByCaller: true);
        own.MapLife(Family, ownedByCaller: true);
    }

    private static Microsoft.AspNetCore.Http.HttpResults.Created<Credential> Created(string collection, Credential token) =>
        TypedResults.Created($"{collection}/{token.Id}", token);
}
