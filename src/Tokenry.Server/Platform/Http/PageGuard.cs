using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// What a page needs besides a route for programs: it is served under the hosts of <c>Tokenry:AllowedHosts</c> alone, so that a page of another
/// site cannot pass itself off as ours by a name of its own (DNS rebinding), and tells browsers to come by https where the issuer is https.
/// Doors, APIs and probes are called by other names and are left alone.
/// </summary>
internal sealed class PageGuard(RequestDelegate next, TokenryOptions options)
{
    private const string OneYear = "max-age=31536000";

    private readonly Uri issuer = new(options.Issuer);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteIsPage>() is null)
        {
            return next(context);
        }

        // Compared, and never taken for our own.
        var host = new HostString(context.Request.Headers.Host.ToString()).Host;
        if (!options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw new ProblemException(
                421,
                ProblemCode.MisdirectedRequest,
                "This page is not served under that host. Use the server's own address, or list the host in Tokenry:AllowedHosts."
            );
        }

        if (issuer.Scheme == Uri.UriSchemeHttps && host.Equals(issuer.Host, StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.StrictTransportSecurity = OneYear;
        }

        return next(context);
    }
}
