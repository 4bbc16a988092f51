using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/users/{id}/sign-in</c>: the passkeys of a user and the accounts at providers, for an administrator who removes them.</summary>
internal static class SignInOfUserPages
{
    /// <summary>What a form removes.</summary>
    internal const string Passkeys = "passkeys";

    /// <inheritdoc cref="Passkeys"/>
    internal const string Accounts = "accounts";

    public static void MapSignInOfUserPages(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/users/{id}/sign-in");
        group
            .MapGet("", (string id, Caller caller, SignInOfUserView view) => view.PageAsync(caller, id, refusal: null))
            .IsPageFor(ManagementApi.UsersRead);
        foreach (var what in new[] { Passkeys, Accounts })
        {
            group
                .MapPost(
                    $"/remove-{what}",
                    (string id, Caller caller, PageForm form, SignInOfUserView view) => view.RemoveAsync(caller, id, what, form)
                )
                .IsPageFor(ManagementApi.CredentialsWrite)
                .IsForm();
        }
    }
}

/// <summary>The page of how a user signs in, and what its forms do.</summary>
internal sealed class SignInOfUserView(PasskeysOfUser passkeys, LinkedAccountsOfUser accounts, OwnerNames names)
{
    /// <summary>As many as a list can have; a person has a few.</summary>
    private static readonly Listing Shown = Listing.Of(("limit", "200"));

    public async Task<IResult> PageAsync(Caller caller, string id, ProblemException? refusal)
    {
        var (keys, linked) = (await passkeys.ListAsync(caller, id, Shown), await accounts.ListAsync(caller, id, Shown));
        var name = (await names.OfAsync(caller, [id])).GetValueOrDefault(id, id);
        return new View<SignInOfUserPage>("sign_in_of.title")
        {
            Status = refusal?.Status switch
            {
                null => StatusCodes.Status200OK,
                StatusCodes.Status400BadRequest => StatusCodes.Status422UnprocessableEntity,
                { } status => status,
            },
            Trail = [new("users.title", "users"), new(name, $"users/{id}")],
            ["UserId"] = id,
            ["Passkeys"] = keys.Items,
            ["Accounts"] = linked.Items,
            ["Refusal"] = refusal,
        };
    }

    public Task<IResult> RemoveAsync(Caller caller, string id, string what, PageForm form) =>
        PageChange.RunAsync(
            $"users/{Uri.EscapeDataString(id)}/sign-in",
            () =>
                form["confirm"] is null ? throw ProblemException.Invalid("confirm", new FieldFault("must_be_set", "must be set"))
                : what == SignInOfUserPages.Passkeys ? passkeys.RemoveAllAsync(caller, id)
                : accounts.RemoveAllAsync(caller, id),
            refusal => PageAsync(caller, id, refusal)
        );
}
