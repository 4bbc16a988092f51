using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Foundation.Http;

/// <summary>The address a request was sent to, as its client knows it: below the configured issuer, whatever <c>Host</c> the request names.</summary>
public static class PublicAddress
{
    public static Uri Of(HttpContext context, TokenryOptions options) =>
        new(options.Issuer + context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());
}
