using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>The answers of the sign-in pages: a page, or the way to the next one.</summary>
internal static class SignInAnswer
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static Task PageAsync<TPage>(HttpContext context, SignInView view, int status = StatusCodes.Status200OK)
        where TPage : IComponent
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XFrameOptions = "DENY";
        // Not no-referrer: browsers would then send "Origin: null" with our own forms.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        return new RazorComponentResult<TPage>(new Dictionary<string, object?>(StringComparer.Ordinal) { ["View"] = view })
        {
            StatusCode = status,
            PreventStreamingRendering = true,
        }.ExecuteAsync(context);
    }

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
