using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>The answers of the sign-in pages: a page, or the way to the next one.</summary>
internal static class SignInAnswer
{
    public static Task PageAsync<TPage>(HttpContext context, SignInView view, int status = StatusCodes.Status200OK)
        where TPage : ConsolePage =>
        new View<TPage>(TitleOf(typeof(TPage), view)) { Status = view.Error?.Status ?? status, ["View"] = view }.ExecuteAsync(context);

    private static string TitleOf(Type page, SignInView view) =>
        page == typeof(SecurityPage) ? "nav.security"
        : page == typeof(CodePage) ? "code.title"
        : page == typeof(EnrolPage) ? "enrol.title"
        : page == typeof(RecoveryCodesPage) ? "recovery.title"
        : page == typeof(TokensAfterPage) ? "after.title"
        : page == typeof(LinkAccountPage) ? "account.link_title"
        : page == typeof(ConfirmPage) ? "confirm.title"
        : page == typeof(SignInPage) ? "sign_in.title"
        : view.Code is null ? "link.broken"
        : "link.title";

    /// <summary>Gives the browser the session that an attempt brings, or the second step, and sends it on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="attempt">Makes the session or the step; <c>null</c> = it was refused.</param>
    /// <param name="next">The path to go on with.</param>
    /// <param name="refused">What the form says if it was refused.</param>
    /// <returns><c>null</c> = answered. Otherwise what the form says when it is shown again.</returns>
    public static async Task<SignInFault?> TryAsync(HttpContext context, Func<Task<Admission?>> attempt, string next, PageText refused)
    {
        try
        {
            switch (await attempt())
            {
                case NewSession session:
                    SessionCookie.Write(context.Response, session);
                    await Redirect.ToAsync(context, next);
                    return null;
                case NewSecondStep step:
                    SecondStepCookie.Write(context.Response, step);
                    await Redirect.ToAsync(context, $"{SecondSteps.Path}?return={Uri.EscapeDataString(next)}");
                    return null;
                default:
                    return new SignInFault(refused);
            }
        }
        catch (ProblemException problem) when (SignInFault.IsForForm(problem))
        {
            return new SignInFault(problem);
        }
    }
}
