using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Account;

/// <summary><c>/v1/me</c> and <c>/v1/me/credential</c>, which any valid opaque credential may use without a scope.</summary>
public static class AccountApi
{
    public static IServiceCollection AddAccount(this IServiceCollection services) =>
        services
            .AddSingleton<DescribeMe>()
            .AddSingleton<ChooseLanguage>()
            .AddSingleton<KeepLanguage>(provider =>
                (context, language) =>
                    SessionCaller.Of(context) is { } caller
                        ? provider.GetRequiredService<ChooseLanguage>().RunAsync(caller, language)
                        : Task.CompletedTask
            );

    public static void MapAccount(this IEndpointRouteBuilder app)
    {
        var me = app.MapGroup("/v1/me").WithTags("Me");
        me.MapGet("", async (Caller caller, DescribeMe describe) => TypedResults.Ok(await describe.RunAsync(caller)))
            .WithSummary("Say who is calling, with which credential and which rights.")
            .Needs();
        me.MapGet(
                "/credential",
                async (Caller caller, ListCredentials list) => TypedResults.Ok(await list.ShowOwnAsync(caller, Calling(caller)))
            )
            .WithSummary("Show the calling credential.")
            .Needs();
        me.MapPost(
                "/credential/rotate",
                async (Caller caller, Body<RotationRequest> body, RotateCredential rotate) =>
                    TypedResults.Ok(await rotate.RunOwnAsync(caller, Calling(caller), body.Value))
            )
            .WithSummary("Rotate the calling credential.")
            .Needs();
        me.MapDelete(
                "/credential",
                async (Caller caller, HttpContext http, string? reason, string? descendants, RevokeCredential revoke) =>
                    CredentialRoutes.Revoked(http, await revoke.RunOwnAsync(caller, Calling(caller), reason, descendants))
            )
            .WithSummary("Revoke the calling credential.")
            .Needs();
    }

    /// <summary>
    /// An access token must not manage the credential it was issued to. An anonymous API key is public, so any client could manage it.
    /// </summary>
    internal static CredentialAddress Calling(Caller caller) =>
        caller.Credential is not AuthenticatedCredential { Stored: { } credential }
            ? throw NotAccepted("An access token cannot manage itself. Use the credential that bought it, or let it expire.")
        : !Capabilities.Of(credential.Kind).ActsForOwner
            ? throw NotAccepted("An anonymous API key is public and cannot manage itself. Its application, or an administrator, can.")
        : new CredentialAddress(CredentialFamily.Of(credential.Kind), credential.Id, caller.Principal.Id);

    private static ProblemException NotAccepted(string detail) => new(403, VerificationCode.CredentialKindNotAccepted, detail);
}
