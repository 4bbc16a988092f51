using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary><c>/v1/signing-keys</c></summary>
public static class SigningKeysApi
{
    public static IServiceCollection AddSigningKeys(this IServiceCollection services) =>
        services.AddSingleton<ListSigningKeys>().AddSingleton<RotateSigningKey>().AddSingleton<TaintSigningKey>();

    public static void MapSigningKeys(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/signing-keys").WithTags("Signing keys");
        group
            .MapGet(
                "",
                async (Caller caller, Listing listing, ListSigningKeys list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("List the past, current and next signing keys of access tokens.")
            .Lists("algorithm", "state")
            .Needs(ManagementApi.SigningKeysRead);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListSigningKeys list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the signing key.")
            .Needs(ManagementApi.SigningKeysRead);
        group
            .MapPost(
                "/rotate",
                async (Caller caller, Body<SigningKeyRotationRequest> body, RotateSigningKey rotate) =>
                    TypedResults.Ok(await rotate.RunAsync(caller, body.Value))
            )
            .WithSummary("Publish the next signing key of an algorithm, or activate the published one.")
            .Needs(ManagementApi.SigningKeysWrite);
        group
            .MapPost(
                "/{id}/taint",
                async (string id, Caller caller, Body<SigningKeyTaintRequest> body, TaintSigningKey taint) =>
                    TypedResults.Ok(await taint.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Mark the signing key as compromised; the server refuses every token it signed at once.")
            .Needs(ManagementApi.SigningKeysWrite);
    }
}
