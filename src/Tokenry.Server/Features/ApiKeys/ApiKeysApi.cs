using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary><c>/v1/api-keys</c> and <c>/v1/applications/{id}/api-keys</c></summary>
public static class ApiKeysApi
{
    public static IServiceCollection AddApiKeys(this IServiceCollection services) =>
        services.AddSingleton<CreateApiKey>().AddSingleton<CreateApplicationWithApiKey>();

    public static void MapApiKeys(this IEndpointRouteBuilder app)
    {
        var all = app.MapGroup("/v1/api-keys").WithTags("API keys");
        all.MapPost(
                "",
                async (Caller caller, Body<QuickApiKeyRequest> body, CreateApplicationWithApiKey create) =>
                {
                    var key = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/api-keys/{key.Id}", key);
                }
            )
            .WithSummary("Create an application and its API key in one request.")
            .Needs(CredentialFamily.ApiKeys.WriteScopes);
        all.MapList(CredentialFamily.ApiKeys);
        all.MapLife(CredentialFamily.ApiKeys);
        all.MapPost(
                "/{id}/reveal",
                async (string id, Caller caller, RevealSecret reveal) =>
                    TypedResults.Ok(await reveal.RunAsync(caller, new CredentialAddress(CredentialFamily.ApiKeys, id)))
            )
            .WithSummary("Show the secret of a recoverable API key again.")
            .Needs(CredentialFamily.ApiKeys.WriteScopes);

        var ofApplication = app.MapGroup("/v1/applications/{owner}/api-keys").WithTags("API keys");
        ofApplication
            .MapPost(
                "",
                async (string owner, Caller caller, Body<CredentialRequest> body, CreateApiKey create) =>
                {
                    var key = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/api-keys/{key.Id}", key);
                }
            )
            .WithSummary("Create an API key for the application.")
            .Needs(CredentialFamily.ApiKeys.WriteScopes);
        ofApplication.MapList(CredentialFamily.ApiKeys);
        ofApplication.MapLife(CredentialFamily.ApiKeys);
    }
}
