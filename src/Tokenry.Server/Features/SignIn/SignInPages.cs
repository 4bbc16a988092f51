using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/sign-in</c>, <c>/sign-in/code</c>, <c>/sign-in/link</c>, <c>/sign-in/confirm</c> and <c>/sign-out</c>. They work without JavaScript.</summary>
public static class SignInPages
{
    /// <summary>Where a person lands who signed in without a page in mind.</summary>
    public const string Home = "/overview";

    private static readonly PageText WrongPassword = new("sign_in_fault.password");
    private static readonly PageText WrongCode = new("sign_in_fault.code");
    private static readonly PageText NotTheSame = new("sign_in_fault.not_the_same");

    /// <summary>The query parameter of the sign-in page that says that a sign-in ended before its code came.</summary>
    private const string AgainFlag = "again";

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
                        context.Request.Query.ContainsKey(SessionAuthentication.EndedFlag) ? new PageText("sign_in_fault.session_ended")
                        : context.Request.Query.ContainsKey(AgainFlag) ? new PageText("sign_in_fault.start_again")
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
        if (refusal is not null)
        {
            await SignInAnswer.PageAsync<SignInPage>(
                context,
                new SignInView(context)
                {
                    Return = next,
                    Error = refusal,
                    Name = form["name"],
                }
            );
        }
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
        if (refusal is null)
        {
            SecondStepCookie.Delete(context.Response);
            return;
        }

        await SignInAnswer.PageAsync<CodePage>(context, new SignInView(context) { Return = next, Error = refusal });
    }

    private static Task StartAgainAsync(HttpContext context, string next)
    {
        SecondStepCookie.Delete(context.Response);
        return Redirect.ToAsync(context, $"{SessionAuthentication.SignInPath}?return={Uri.EscapeDataString(next)}&{AgainFlag}=true");
    }

    private static async Task ShowLinkAsync(HttpContext context, SetPasswordByLink set)
    {
        var code = context.Request.Query[LinkCode.Parameter].ToString();
        await LinkFormAsync(context, code, await set.FindAsync(code), error: null);
    }

    internal static Task LinkFormAsync(HttpContext context, string code, LinkHolder? holder, SignInFault? error) =>
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
            holder is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK
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
        if (refusal is not null)
        {
            await LinkFormAsync(context, code, await set.FindAsync(code), refusal);
        }
    }

    private static Task ShowConfirmAsync(HttpContext context) =>
        ConfirmFormAsync(context, LocalPath.Or(context.Request.Query["return"], Home), error: null);

    internal static async Task ConfirmFormAsync(HttpContext context, string next, SignInFault? error)
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
            }
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
                ? new PageText("sign_in_fault.password_or_code")
                : new PageText("sign_in_fault.own_password")
        );
        if (refusal is not null)
        {
            await ConfirmFormAsync(context, next, refusal);
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
