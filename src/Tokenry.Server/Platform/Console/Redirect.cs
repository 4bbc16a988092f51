using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>Answers 303 to another page of this server; any other address becomes the start page.</summary>
/// <param name="address">The address below the base, without a slash at the start.</param>
public sealed class Redirect(string address) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.Headers.Location = LocalPath.Or("/" + address, "/");
        return Task.CompletedTask;
    }
}
