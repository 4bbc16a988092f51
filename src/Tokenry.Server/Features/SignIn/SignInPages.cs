using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary><c>/sign-in</c>, <c>/sign-in/link</c>, <c>/sign-in/confirm</c> and <c>/sign-out</c>. They work without JavaScript.</summary>
public static class SignInPages
{
    /// <summary>Where a person lands who signed in without a page in mind.</summary>
    public const string Home = "/overview";

    private const string WrongPassword = "The e-mail address or the password is wrong.";
    private const string NotTheSame = "The two passwords are not the same.";

    public static void MapSignInPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapGet(SessionAuthentication.SignInPath, ShowSignIn).IsDoor().IsPage(); // a password follows
        pages.MapPost(SessionAuthentication.SignInPath, SignInAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapGet(SignInLinks.Path, ShowLinkAsync).IsDoor().IsPage(); // the code in it
        pages.MapPost(SignInLinks.Path, SetPasswordAsync).OpenToAnybody().IsPage().IsForm();
        pages.MapGet(FreshAuthentication.Path, ShowConfirm).NeedsSession();
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
                    Notice = context.Request.Query.ContainsKey(SessionAuthentication.EndedFlag)
                        ? "Your session has ended, so nothing was changed. Sign in, then repeat what you did."
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

    private static async Task ShowLinkAsync(HttpContext context, SetPasswordByLink set)
    {
        var code = context.Request.Query[SignInLinks.CodeParameter].ToString();
        var person = await set.FindAsync(code);
        await SignInAnswer.PageAsync<LinkPage>(
            context,
            new SignInView(context) { Code = person is null ? null : code, Name = person?.Email },
            person is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK
        );
    }

    private static async Task SetPasswordAsync(HttpContext context, PageForm form, SetPasswordByLink set)
    {
        var (code, password) = (form["code"] ?? "", form.AsTyped("password"));
        var isSame = password == form.AsTyped("again");
        var refusal = await SignInAnswer.TryAsync(
            context,
            async () => isSame ? await set.RunAsync(RequestFacts.Of(context), code, password) : null,
            Home,
            NotTheSame
        );
        if (refusal is not var (error, status))
        {
            return;
        }

        var person = await set.FindAsync(code);
        await SignInAnswer.PageAsync<LinkPage>(
            context,
            new SignInView(context)
            {
                Code = person is null ? null : code,
                Name = person?.Email,
                Error = person is null ? null : error,
            },
            person is null ? StatusCodes.Status404NotFound : status
        );
    }

    private static Task ShowConfirm(HttpContext context) =>
        SignInAnswer.PageAsync<ConfirmPage>(
            context,
            new SignInView(context)
            {
                Return = LocalPath.Or(context.Request.Query["return"], Home),
                Name = SessionCaller.Required(context).Principal.Name,
            }
        );

    private static async Task ConfirmAsync(HttpContext context, PageForm form, ConfirmPassword confirm)
    {
        var caller = SessionCaller.Required(context);
        var next = LocalPath.Or(form["return"], Home);
        var refusal = await SignInAnswer.TryAsync(
            context,
            () => confirm.RunAsync(caller, form.AsTyped("password")),
            next,
            "The password is wrong."
        );
        if (refusal is not var (error, status))
        {
            return;
        }

        await SignInAnswer.PageAsync<ConfirmPage>(
            context,
            new SignInView(context)
            {
                Return = next,
                Error = error,
                Name = caller.Principal.Name,
            },
            status
        );
    }

    private static async Task SignOutAsync(HttpContext context, EndSession end)
    {
        var caller = SessionCaller.Required(context);
        await end.RunAsync(caller, caller.CredentialId!);
        SessionCookie.Delete(context.Response);
        await Redirect.ToAsync(context, SessionAuthentication.SignInPath);
    }
}
