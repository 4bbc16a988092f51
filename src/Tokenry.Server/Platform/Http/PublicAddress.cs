using Microsoft.AspNetCore.Http.Features;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The URL of a request as its client knows it: below the configured issuer, or below the origin for client certificates if the request came in there. The
/// <c>Host</c> header has no influence.
/// </summary>
public static class PublicAddress
{
    public static Uri Of(HttpContext context, TokenryOptions options) =>
        new(Base(context, options) + context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());

    /// <summary>Path and query of that URL as they were sent, with escapes unchanged.</summary>
    public static string Target(HttpContext context, TokenryOptions options)
    {
        var sent = RequestTarget.OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        // A proxy may have removed the issuer's path.
        return context.Request.PathBase.HasValue ? sent : new Uri(options.Issuer).AbsolutePath.TrimEnd('/') + sent;
    }

    /// <summary>The base URL of endpoints for client certificates, in place of the issuer; <c>null</c> if there is no separate origin.</summary>
    public static string? ForCertificates(TokenryOptions options) =>
        options.Tls.Origin is { } origin
            ? origin.GetLeftPart(UriPartial.Authority) + new Uri(options.Issuer).AbsolutePath.TrimEnd('/')
            : null;

    private static string Base(HttpContext context, TokenryOptions options) =>
        options.Tls.IsAt(context.Connection.LocalPort) && !RequestFacts.Of(context).IsFromProxy && ForCertificates(options) is { } own
            ? own
            : options.Issuer;
}
