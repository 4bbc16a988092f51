namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Where the issuer has a path: puts it before each <c>Location</c>, which the routes know from the root on. A client is told the address that it can call,
/// whether a proxy takes the path away or leaves it.
/// </summary>
/// <param name="next">What answers.</param>
/// <param name="path">The issuer's path, without a closing slash; not empty.</param>
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
