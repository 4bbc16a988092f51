using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>Answers 303 to another page of this server; any other address becomes the start page.</summary>
/// <param name="address">The address below the base, without a slash at the start.</param>
public sealed class Redirect(string address) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => ToAsync(httpContext, LocalPath.Or("/" + address, "/"));

    /// <summary>Sends the browser on with GET, so that reloading the next page sends no form again.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">A path of this server, from the root.</param>
    public static Task ToAsync(HttpContext context, string path)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = path;
        return Task.CompletedTask;
    }
}
