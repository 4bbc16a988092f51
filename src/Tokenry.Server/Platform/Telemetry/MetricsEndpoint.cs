using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary><c>GET /metrics</c>: open like <c>/health</c>, since nothing in it names anybody; a proxy keeps it in where that is not enough.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder app)
    {
        // Whoever makes instruments nobody else asks for.
        app.ServiceProvider.GetRequiredService<ServerMetrics>();
        app.ServiceProvider.GetRequiredService<ProcessMetrics>();
        var text = app.ServiceProvider.GetRequiredService<MetricsText>(); // now: it counts connections from the first on
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
