namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Adds the issuer's path to each <c>Location</c>, because routes know only the path from the root. So a client gets a URL that it can call, whether or not a
/// proxy removes the path.
/// </summary>
/// <param name="next">The next middleware.</param>
/// <param name="path">The issuer's path, without a trailing slash; not empty.</param>
internal sealed class PublicLocations(RequestDelegate next, string path)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(
            static state =>
            {
                var (response, path) = ((HttpResponse, string))state;
                if (
                    response.Headers.Location.ToString() is ['/', ..] location
                    && !location.StartsWith(path + "/", StringComparison.Ordinal)
                )
                {
                    response.Headers.Location = path + location;
                }

                return Task.CompletedTask;
            },
            (context.Response, path)
        );
        return next(context);
    }
}
