using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The extra protection of pages. A page is served only under the hosts of <c>Tokenry:AllowedHosts</c>, so that a page of another site cannot pose as ours
/// under its own name (DNS rebinding). If the issuer is https, the answer has HSTS. Doors, APIs and probes may be called by other names.
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

        // The Host header is only compared, never used as this server's own name.
        var host = new HostString(context.Request.Headers.Host.ToString()).Host;
        if (!options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw new ProblemException(
                421,
                ProblemCode.MisdirectedRequest,
                "The server does not serve this page under that host. Use the server's own address, or add the host to Tokenry:AllowedHosts."
            );
        }

        if (issuer.Scheme == Uri.UriSchemeHttps && host.Equals(issuer.Host, StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.StrictTransportSecurity = OneYear;
        }

        return next(context);
    }
}
