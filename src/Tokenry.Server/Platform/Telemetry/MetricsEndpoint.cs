using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary><c>GET /metrics</c>: open like <c>/health</c>, because it identifies no user. If an operator wants it closed, a proxy must block it.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder app)
    {
        // Creates the instruments that no other service requests.
        app.ServiceProvider.GetRequiredService<ServerMetrics>();
        app.ServiceProvider.GetRequiredService<ProcessMetrics>();
        var text = app.ServiceProvider.GetRequiredService<MetricsText>(); // created now, so that it counts connections from the first one on
        app.MapGet(
                "/metrics",
                (HttpContext context) =>
                {
                    context.Response.Headers.CacheControl = "no-store";
                    return TypedResults.Bytes(text.Read(), MetricsText.ContentType);
                }
            )
            .WithTags("Operations")
            .WithSummary("Read the server's metrics in the Prometheus text format.")
            .Answers("text/plain")
            .OpenToAnybody();
    }
}
