using Microsoft.AspNetCore.Http.Features;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Http;

/// <summary>The address a request was sent to, as its client knows it: below the configured issuer, whatever <c>Host</c> the request names.</summary>
public static class PublicAddress
{
    public static Uri Of(HttpContext context, TokenryOptions options) =>
        new(options.Issuer + context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());

    /// <summary>Path and query of that address as they were sent, escapes untouched.</summary>
    public static string Target(HttpContext context, TokenryOptions options)
    {
        var sent = RequestTarget.OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        // A proxy may have taken the issuer's path away.
        return context.Request.PathBase.HasValue ? sent : new Uri(options.Issuer).AbsolutePath.TrimEnd('/') + sent;
    }
}
