using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>The answers of the sign-in pages: a page, or the way to the next one.</summary>
internal static class SignInAnswer
{
    public static Task PageAsync<TPage>(HttpContext context, SignInView view, int status = StatusCodes.Status200OK)
        where TPage : ConsolePage =>
        new View<TPage>(TitleOf(typeof(TPage), view)) { Status = status, ["View"] = view }.ExecuteAsync(context);

    private static string TitleOf(Type page, SignInView view) =>
        page == typeof(SecurityPage) ? "nav.security"
        : page == typeof(ConfirmPage) ? "confirm.title"
        : page == typeof(SignInPage) ? "sign_in.title"
        : view.Code is null ? "link.broken"
        : "link.title";

    /// <summary>Sends the browser on with GET, so that reloading the next page sends no form again.</summary>
    public static Task SeeOtherAsync(HttpContext context, string path)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = path;
        return Task.CompletedTask;
    }

    /// <summary>Gives the browser its session and sends it on.</summary>
    public static Task SignedInAsync(HttpContext context, NewSession session, string path)
    {
        SessionCookie.Write(context.Response, session);
        return SeeOtherAsync(context, path);
    }

    /// <summary>What a refused form says, in words for a person.</summary>
    public static string Words(ProblemException problem) =>
        problem.Errors?.GetValueOrDefault("password") is { } faults
            ? $"The new password {string.Join(", and it ", faults)}."
            : problem.Message;

    /// <summary>Whether the person can mend it in the same form.</summary>
    public static bool IsForForm(ProblemException problem) => problem.Code is ProblemCode.InvalidRequest or ProblemCode.TooManyRequests;

    /// <summary>The status of a form that is shown again.</summary>
    public static int StatusOf(ProblemException problem) =>
        problem.Status == StatusCodes.Status400BadRequest ? StatusCodes.Status422UnprocessableEntity : problem.Status;
}
