using System.Globalization;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// A public document, served from memory. It has an ETag, is readable from any origin, and is cacheable for five minutes unless its route sets another time.
/// </summary>
public sealed class PublicDocument(byte[] content, string contentType)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly string etag = EntityTag.Of(content);

    /// <summary>Maps GET; the caller adds the description.</summary>
    public IEndpointConventionBuilder Map(IEndpointRouteBuilder app, string route) =>
        app.MapGet(route, context => ServeAsync(context, MaxAge));

    /// <summary>Like <see cref="Map(IEndpointRouteBuilder, string)"/>, for a document that changes while the server runs.</summary>
    public static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder app,
        string route,
        Func<ValueTask<PublicDocument>> current,
        TimeSpan maxAge
    ) => app.MapGet(route, async context => await (await current()).ServeAsync(context, maxAge));

    /// <summary>Like the other overloads, for one of many documents; the look-up throws 404.</summary>
    public static IEndpointConventionBuilder MapFound(
        IEndpointRouteBuilder app,
        string route,
        Func<HttpContext, ValueTask<PublicDocument>> find
    ) => app.MapGet(route, async context => await (await find(context)).ServeAsync(context, MaxAge));

    private Task ServeAsync(HttpContext context, TimeSpan maxAge)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"public, max-age={(long)maxAge.TotalSeconds}");
        headers.AccessControlAllowOrigin = "*";
        if (EntityTag.IsCurrent(context, etag))
        {
            return Task.CompletedTask;
        }

        context.Response.ContentType = contentType;
        context.Response.ContentLength = content.Length;
        return context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask();
    }
}
