using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/account/security</c>: where a person is signed in, and with what: password, passkeys, second factor.</summary>
public static class SecurityPages
{
    public const string Path = "/account/security";

    /// <summary>The page that offers the person's tokens after a change of the password.</summary>
    public const string TokensPath = $"{Path}/tokens";

    private static readonly PageText NotTheSame = new("sign_in_fault.new_not_the_same");
    private static readonly PageText WrongPassword = new("sign_in_fault.old_password");

    public static void MapSecurityPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup(Path).ExcludeFromDescription();
        pages.MapGet("", (HttpContext context) => ShowAsync(context)).NeedsSession();
        pages.MapPost("/password", ChangePasswordAsync).NeedsSession().IsForm();
        pages.MapPost("/sessions/end", EndAsync).NeedsSession().IsForm();
        pages.MapPost("/sessions/end-others", EndOthersAsync).NeedsSession().IsForm();
        pages.MapGet("/tokens", ShowTokensAsync).NeedsSession(ManagementApi.TokensOwn);
        pages.MapPost("/tokens/revoke", RevokeTokensAsync).NeedsSession(ManagementApi.TokensOwn).IsForm();
    }

    internal static async Task ShowAsync(HttpContext context, SignInFault? error = null)
    {
        var caller = SessionCaller.Required(context);
        var services = context.RequestServices;
        var sessions = await services
            .GetRequiredService<ListSessions>()
            .RunAsync(caller, userId: null, (await Listing.BindAsync(context, parameter: null!))!);
        await SignInAnswer.PageAsync<SecurityPage>(
            context,
            new SignInView(context)
            {
                Error = error,
                Name = caller.Principal.Name,
                Sessions = sessions.Items,
                LinkedAccounts = await services.GetRequiredService<OwnLinkedAccounts>().ListAsync(caller),
                Passkeys = await services.GetRequiredService<OwnPasskeys>().ListAsync(caller),
                HasPassword = (await services.GetRequiredService<ConfirmWithPasskey>().WaysAsync(caller)).Password,
                SecondFactor = await services.GetRequiredService<OwnSecondFactor>().ShowAsync(caller),
            }
        );
    }

    private static async Task ChangePasswordAsync(HttpContext context, PageForm form, ChangePassword change)
    {
        var password = form.AsTyped("password");
        if (password != form.AsTyped("again"))
        {
            await ShowAsync(context, new SignInFault(NotTheSame));
            return;
        }

        var old = form.AsTyped("old") is { Length: > 0 } typed ? typed : null;
        try
        {
            var refusal = await SignInAnswer.TryAsync(
                context,
                async () => await change.RunAsync(SessionCaller.Required(context), old, password),
                TokensPath,
                WrongPassword
            );
            if (refusal is not null)
            {
                await ShowAsync(context, refusal);
            }
        }
        catch (ProblemException refused) when (refused.Code == ProblemCode.FreshAuthenticationRequired)
        {
            await FreshAuthentication.Before(Path).ExecuteAsync(context);
        }
    }

    private static async Task EndAsync(HttpContext context, PageForm form, EndSession end)
    {
        await end.RunAsync(SessionCaller.Required(context), form["id"] ?? "");
        await Redirect.ToAsync(context, Path);
    }

    private static async Task EndOthersAsync(HttpContext context, EndSessions end)
    {
        await end.RunAsync(SessionCaller.Required(context), userId: null);
        await Redirect.ToAsync(context, Path);
    }

    private static async Task ShowTokensAsync(HttpContext context, ListCredentials list)
    {
        var caller = SessionCaller.Required(context);
        var tokens = await list.RunAsync(
            caller,
            [CredentialFamily.PersonalAccessTokens],
            caller.Principal.Id,
            Listing.Of(("state", "active"), ("limit", "200"))
        );
        await SignInAnswer.PageAsync<TokensAfterPage>(context, new SignInView(context) { Tokens = tokens.Items });
    }

    /// <summary>Revokes the chosen tokens, each with an event of its own. The others, and those that were not shown, stay as they are.</summary>
    private static async Task RevokeTokensAsync(HttpContext context, PageForm form, RevokeCredential revoke)
    {
        var caller = SessionCaller.Required(context);
        foreach (var id in form.All("id").Distinct(StringComparer.Ordinal))
        {
            var address = new CredentialAddress(CredentialFamily.PersonalAccessTokens, id, caller.Principal.Id);
            await revoke.RunAsync(caller, address, "after a change of the password", descendants: null);
        }

        await Redirect.ToAsync(context, TokensPath);
    }

    /// <summary>Changes a passkey or an account of the person, then shows the page again; if that is refused, with the reason.</summary>
    internal static async Task ChangeAsync(HttpContext context, Func<Task<PageText?>> change)
    {
        try
        {
            if (await change() is { } refusal)
            {
                await ShowAsync(context, new SignInFault(refusal));
                return;
            }

            await Redirect.ToAsync(context, Path);
        }
        catch (ProblemException refused) when (refused.Code == ProblemCode.FreshAuthenticationRequired)
        {
            await FreshAuthentication.Before(Path).ExecuteAsync(context);
        }
        catch (ProblemException refused) when (refused is { IsForForm: true, MissingScopes: null })
        {
            await ShowAsync(context, new SignInFault(refused));
        }
    }
}
