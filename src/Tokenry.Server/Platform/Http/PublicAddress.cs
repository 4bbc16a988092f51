using Microsoft.AspNetCore.Http.Features;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// The address a request was sent to, as its client knows it: below the configured issuer, or at the address for client certificates if it came in
/// there; whatever <c>Host</c> the request names.
/// </summary>
public static class PublicAddress
{
    public static Uri Of(HttpContext context, TokenryOptions options) =>
        new(Base(context, options) + context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());

    /// <summary>Path and query of that address as they were sent, escapes untouched.</summary>
    public static string Target(HttpContext context, TokenryOptions options)
    {
        var sent = RequestTarget.OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        // A proxy may have taken the issuer's path away.
        return context.Request.PathBase.HasValue ? sent : new Uri(options.Issuer).AbsolutePath.TrimEnd('/') + sent;
    }

    /// <summary>What the issuer is to endpoints elsewhere, at the address for client certificates; <c>null</c> where there is no other address.</summary>
    public static string? ForCertificates(TokenryOptions options) =>
        options.Tls.Origin is { } origin
            ? origin.GetLeftPart(UriPartial.Authority) + new Uri(options.Issuer).AbsolutePath.TrimEnd('/')
            : null;

    private static string Base(HttpContext context, TokenryOptions options) =>
        options.Tls.IsAt(context.Connection.LocalPort) && !RequestFacts.Of(context).IsFromProxy && ForCertificates(options) is { } own
            ? own
            : options.Issuer;
}
