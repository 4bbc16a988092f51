using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/sign-in</c>, <c>/sign-in/code</c>, <c>/sign-in/link</c>, <c>/sign-in/confirm</c> and <c>/sign-out</c>. They work without JavaScript.</summary>
public static class SignInPages
{
    /// <summary>Where a person lands who signed in without a page in mind.</summary>
    public const string Home = "/overview";

    private const string WrongPassword = "The e-mail address or the password is wrong.";
    private const string WrongCode =
        "The code is wrong, or was used already. Enter the code that the app shows now; a new one comes every 30 seconds.";

    /// <summary>The query parameter of the sign-in page that says that a sign-in ended before its code came.</summary>
    private const string AgainFlag = "again";

    private const string NotTheSame = "The two passwords are not the same.";

    public static void MapSignInPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapGet(SessionAuthentication.SignInPath, ShowSignIn).IsDoor().IsPage(); // a password follows
        pages.MapPost(SessionAuthentication.SignInPath, SignInAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapGet(SecondSteps.Path, ShowCodeAsync).IsDoor().IsPage(); // a code follows
        pages.MapPost(SecondSteps.Path, SignInWithCodeAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapGet(SignInLinks.Path, ShowLinkAsync).IsDoor().IsPage(); // the code in it
        pages.MapPost(SignInLinks.Path, SetPasswordAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapGet(FreshAuthentication.Path, ShowConfirmAsync).NeedsSession();
        pages.MapPost(FreshAuthentication.Path, ConfirmAsync).NeedsSession().IsForm();
        pages.MapPost("/sign-out", SignOutAsync).NeedsSession().IsForm();
    }

    private static Task ShowSignIn(HttpContext context)
    {
        var next = LocalPath.Or(context.Request.Query["return"], Home);
        return SessionCaller.Of(context) is not null
            ? Redirect.ToAsync(context, next)
            : SignInAnswer.PageAsync<SignInPage>(
                context,
                new SignInView(context)
                {
                    Return = next,
                    Notice =
                        context.Request.Query.ContainsKey(SessionAuthentication.EndedFlag)
                            ? "Your session has ended, so nothing was changed. Sign in, then repeat what you did."
                        : context.Request.Query.ContainsKey(AgainFlag) ? "This sign-in has ended. Start again with your password."
                        : null,
                }
            );
    }

    private static async Task SignInAsync(HttpContext context, PageForm form, SignInWithPassword signIn)
    {
        var next = LocalPath.Or(form["return"], Home);
        var refusal = await SignInAnswer.TryAsync(
            context,
            () => signIn.RunAsync(RequestFacts.Of(context), form["name"] ?? "", form.AsTyped("password"), SessionCaller.Of(context)),
            next,
            WrongPassword
        );
        if (refusal is not var (error, status))
        {
            return;
        }

        await SignInAnswer.PageAsync<SignInPage>(
            context,
            new SignInView(context)
            {
                Return = next,
                Error = error,
                Name = form["name"],
            },
            status
        );
    }

    private static async Task ShowCodeAsync(HttpContext context, SignInWithCode signIn)
    {
        var next = LocalPath.Or(context.Request.Query["return"], Home);
        if (await signIn.FindAsync(SecondStepCookie.Read(context.Request)) is null)
        {
            await StartAgainAsync(context, next);
            return;
        }

        await SignInAnswer.PageAsync<CodePage>(context, new SignInView(context) { Return = next });
    }

    private static async Task SignInWithCodeAsync(HttpContext context, PageForm form, SignInWithCode signIn)
    {
        var next = LocalPath.Or(form["return"], Home);
        var cookie = SecondStepCookie.Read(context.Request);
        if (cookie is null || await signIn.FindAsync(cookie) is null)
        {
            await StartAgainAsync(context, next);
            return;
        }

        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => await signIn.RunAsync(RequestFacts.Of(context), cookie, form.AsTyped("code"), SessionCaller.Of(context)),
            next,
            WrongCode
        );
        if (refusal is not var (error, status))
        {
            SecondStepCookie.Delete(context.Response);
            return;
        }

        await SignInAnswer.PageAsync<CodePage>(context, new SignInView(context) { Return = next, Error = error }, status);
    }

    private static Task StartAgainAsync(HttpContext context, string next)
    {
        SecondStepCookie.Delete(context.Response);
        return Redirect.ToAsync(context, $"{SessionAuthentication.SignInPath}?return={Uri.EscapeDataString(next)}&{AgainFlag}=true");
    }

    private static async Task ShowLinkAsync(HttpContext context, SetPasswordByLink set)
    {
        var code = context.Request.Query[LinkCode.Parameter].ToString();
        await LinkFormAsync(context, code, await set.FindAsync(code), error: null, StatusCodes.Status200OK);
    }

    internal static Task LinkFormAsync(HttpContext context, string code, LinkHolder? holder, string? error, int status) =>
        SignInAnswer.PageAsync<LinkPage>(
            context,
            new SignInView(context)
            {
                Code = holder is null ? null : code,
                Name = holder?.Person.Email,
                NeedsCode = holder?.HasSecondFactor == true,
                ResetsSecondFactor = holder?.ResetsSecondFactor == true,
                SetsPasskey = holder?.SetsPasskey == true,
                Error = holder is null ? null : error,
            },
            holder is null ? StatusCodes.Status404NotFound : status
        );

    private static async Task SetPasswordAsync(HttpContext context, PageForm form, SetPasswordByLink set)
    {
        var (code, password) = (form["code"] ?? "", form.AsTyped("password"));
        var isSame = password == form.AsTyped("again");
        var isChange = (await set.FindAsync(code))?.Person.PasswordHash is not null;
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => isSame ? await set.RunAsync(RequestFacts.Of(context), code, password) : null,
            isChange ? SecurityPages.TokensPath : Home,
            NotTheSame
        );
        if (refusal is var (error, status))
        {
            await LinkFormAsync(context, code, await set.FindAsync(code), error, status);
        }
    }

    private static Task ShowConfirmAsync(HttpContext context) =>
        ConfirmFormAsync(context, LocalPath.Or(context.Request.Query["return"], Home), error: null, StatusCodes.Status200OK);

    internal static async Task ConfirmFormAsync(HttpContext context, string next, string? error, int status)
    {
        var caller = SessionCaller.Required(context);
        var services = context.RequestServices;
        var (hasPasskey, hasPassword) = await services.GetRequiredService<ConfirmWithPasskey>().WaysAsync(caller);
        await SignInAnswer.PageAsync<ConfirmPage>(
            context,
            new SignInView(context)
            {
                Return = next,
                Error = error,
                Name = caller.Principal.Name,
                NeedsCode = await services.GetRequiredService<ConfirmIdentity>().NeedsCodeAsync(caller),
                HasPasskey = hasPasskey,
                HasPassword = hasPassword,
            },
            status
        );
    }

    private static async Task ConfirmAsync(HttpContext context, PageForm form, ConfirmIdentity confirm)
    {
        var caller = SessionCaller.Required(context);
        var next = LocalPath.Or(form["return"], Home);
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => await confirm.RunAsync(caller, form.AsTyped("password"), form.AsTyped("code")),
            next,
            await confirm.NeedsCodeAsync(caller)
                ? "The password or the code is wrong. A code of the app works once; a new one comes every 30 seconds."
                : "The password is wrong."
        );
        if (refusal is var (error, status))
        {
            await ConfirmFormAsync(context, next, error, status);
        }
    }

    private static async Task SignOutAsync(HttpContext context, EndSession end)
    {
        var caller = SessionCaller.Required(context);
        await end.RunAsync(caller, caller.CredentialId!);
        SessionCookie.Delete(context.Response);
        await Redirect.ToAsync(context, SessionAuthentication.SignInPath);
    }
}
