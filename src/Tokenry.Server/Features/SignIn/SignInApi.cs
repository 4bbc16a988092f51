using Microsoft.AspNetCore.Mvc;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/v1/me/sessions</c>, <c>/v1/users/{id}/sessions</c>, <c>…/sign-in-links</c>, <c>…/second-factor</c> and <c>…/passkeys</c></summary>
public static class SignInApi
{
    public static IServiceCollection AddSignIn(this IServiceCollection services) =>
        services
            .AddSingleton<SignInWithPassword>()
            .AddSingleton<SetPasswordByLink>()
            .AddSingleton<ChangePassword>()
            .AddSingleton<ConfirmIdentity>()
            .AddSingleton<SignInWithCode>()
            .AddSingleton<EnrolSecondFactor>()
            .AddSingleton<OwnSecondFactor>()
            .AddSingleton<RemoveSecondFactor>()
            .AddSingleton<SignInWithPasskey>()
            .AddSingleton<ConfirmWithPasskey>()
            .AddSingleton<AddPasskey>()
            .AddSingleton<OwnPasskeys>()
            .AddSingleton<PasskeysOfUser>()
            .AddSingleton<SetPasskeyByLink>()
            .AddSingleton<SignInWithProvider>()
            .AddSingleton<ProviderUsers>()
            .AddSingleton<OwnLinkedAccounts>()
            .AddSingleton<LinkedAccountsOfUser>()
            .AddSingleton<PasswordProof>()
            .AddSingleton<ListSessions>()
            .AddSingleton<EndSession>()
            .AddSingleton<EndSessions>()
            .AddSingleton<CreateSignInLink>()
            .AddSingleton<IssueSignInLink>();

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        MapOwn(app.MapGroup("/v1/me/sessions").WithTags("Sessions"));
        MapOfUsers(app.MapGroup("/v1/users/{id}").WithTags("Sessions"));
        MapLinkedAccounts(app.MapGroup("/v1/users/{id}/linked-accounts").WithTags("Sessions"));
    }

    private static void MapLinkedAccounts(RouteGroupBuilder accounts)
    {
        accounts
            .MapGet(
                "",
                async (string id, Caller caller, Listing listing, LinkedAccountsOfUser linked) =>
                    TypedResults.Ok(await linked.ListAsync(caller, id, listing))
            )
            .WithSummary("List the accounts at outside providers with which the user signs in on pages.")
            .Lists()
            .Needs(ManagementApi.UsersRead);
        accounts
            .MapPost(
                "",
                async (string id, Caller caller, Body<LinkedAccountRequest> body, LinkedAccountsOfUser linked) =>
                    TypedResults.Ok(await linked.AddAsync(caller, id, body.Value))
            )
            .WithSummary("Link an account at an outside provider to the user. Its holder can then sign in as the user.")
            .Needs(ManagementApi.CredentialsWrite);
        accounts
            .MapDelete(
                "",
                async (string id, Caller caller, LinkedAccountsOfUser linked) =>
                {
                    await linked.RemoveAllAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithName("users_linked_accounts_remove_all")
            .WithSummary("Remove all accounts at outside providers from the user. Their sessions stay as they are.")
            .Needs(ManagementApi.CredentialsWrite);
    }

    private static void MapOwn(RouteGroupBuilder own)
    {
        own.MapGet(
                "",
                async (Caller caller, Listing listing, ListSessions list) =>
                    TypedResults.Ok(await list.RunAsync(caller, userId: null, listing))
            )
            .WithSummary("List the sessions in which you are signed in on pages.")
            .Lists()
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "",
                async (Caller caller, EndSessions end) =>
                {
                    await end.RunAsync(caller, userId: null);
                    return TypedResults.NoContent();
                }
            )
            .WithName("me_sessions_end_all")
            .WithSummary("End all your sessions. Your tokens stay as they are.")
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "/{id}",
                async (string id, Caller caller, EndSession end) =>
                {
                    await end.RunAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("End one of your sessions.")
            .Needs(ManagementApi.TokensOwn);
    }

    private static void MapOfUsers(RouteGroupBuilder user)
    {
        user.MapGet(
                "/sessions",
                async (string id, Caller caller, Listing listing, ListSessions list) =>
                    TypedResults.Ok(await list.RunAsync(caller, id, listing))
            )
            .WithSummary("List the sessions in which the user is signed in on pages.")
            .Lists()
            .Needs(ManagementApi.UsersRead);
        user.MapDelete(
                "/sessions",
                async (string id, Caller caller, EndSessions end) =>
                {
                    await end.RunAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithName("users_sessions_end_all")
            .WithSummary("End all sessions of the user. Their tokens stay as they are.")
            .Needs(ManagementApi.UsersWrite);
        user.MapPost(
                "/sign-in-links",
                async (
                    string id,
                    Caller caller,
                    [FromQuery(Name = "reset_second_factor")] bool? resetSecondFactor,
                    CreateSignInLink create
                ) => TypedResults.Ok(await create.RunAsync(caller, id, resetSecondFactor == true))
            )
            .WithSummary(
                "Create a link with which the user sets a password, once, within 24 hours. It replaces the user's earlier link. With reset_second_factor=true "
                    + "its use also removes the user's second factor."
            )
            .Needs(ManagementApi.CredentialsWrite);
        user.MapDelete(
                "/second-factor",
                async (string id, Caller caller, RemoveSecondFactor remove) =>
                {
                    await remove.RunAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Remove the second factor of a user who lost it. The password is enough then.")
            .Needs(ManagementApi.CredentialsWrite);
        user.MapGet(
                "/passkeys",
                async (string id, Caller caller, Listing listing, PasskeysOfUser passkeys) =>
                    TypedResults.Ok(await passkeys.ListAsync(caller, id, listing))
            )
            .WithSummary("List the passkeys with which the user signs in on pages.")
            .Lists()
            .Needs(ManagementApi.UsersRead);
        user.MapDelete(
                "/passkeys",
                async (string id, Caller caller, PasskeysOfUser passkeys) =>
                {
                    await passkeys.RemoveAllAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithName("users_passkeys_remove_all")
            .WithSummary("Remove all passkeys of a user who lost a device. Their sessions stay as they are.")
            .Needs(ManagementApi.CredentialsWrite);
    }
}
