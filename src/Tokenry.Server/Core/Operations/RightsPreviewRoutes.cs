using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Operations;

/// <summary>Routes whose change can give or take rights.</summary>
public static class RightsPreviewRoutes
{
    /// <summary>
    /// The route answers <c>?dry_run=true</c> with a <see cref="RightsEffect"/> and checks <c>Tokenry-Expect-Gains</c>; the Gate does both.
    /// </summary>
    public static TBuilder ChangesRights<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.WithMetadata(new RouteChangesRights());
        builder.Add(endpoint =>
        {
            var serve = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => ServeAsync(context, serve);
        });
        return builder;
    }

    private static async Task ServeAsync(HttpContext context, RequestDelegate serve)
    {
        var options = context.RequestServices.GetRequiredService<TokenryOptions>();
        RequestFacts.Of(context).Preview = RightsPreview.Of(context, options.Management.ExpectGains);
        try
        {
            await serve(context);
        }
        catch (DryRunAnswer answer)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(answer.Effect, TokenryJson.Strict);
            context.Response.ContentType = MediaType.Json;
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body);
        }
    }
}
