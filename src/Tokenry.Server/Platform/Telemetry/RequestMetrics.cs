using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>
/// Counts and times requests for <c>/metrics</c>. The framework's instruments build a list of tags for each request and cost several times as much, so
/// nothing listens to them unless OTLP exports them.
/// </summary>
internal sealed class RequestMetrics
{
    private const string Unmatched = "unmatched";

    // The methods that OpenTelemetry knows; any other is _OTHER.
    private static readonly string[] Methods =
    [
        HttpMethods.Get,
        HttpMethods.Post,
        HttpMethods.Delete,
        HttpMethods.Patch,
        HttpMethods.Put,
        HttpMethods.Head,
        HttpMethods.Options,
        HttpMethods.Trace,
        HttpMethods.Connect,
        "_OTHER",
    ];

    private readonly RequestDelegate next;
    private readonly TimeProvider time;
    private readonly MetricFamily requests;
    private readonly MetricFamily durations;
    private readonly MetricSeries inProgress;
    private readonly ConcurrentDictionary<Endpoint, RouteSeries> routes = new(ReferenceEqualityComparer.Instance);
    private readonly RouteSeries unmatched;

    public RequestMetrics(RequestDelegate next, MetricsText text, TimeProvider time)
    {
        this.next = next;
        this.time = time;
        requests = text.Family(MetricCatalog.Requests);
        durations = text.Family(MetricCatalog.RequestDurations);
        inProgress = text.Family(MetricCatalog.RequestsInProgress).Series();
        unmatched = new RouteSeries(this, Unmatched);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var began = time.GetTimestamp();
        inProgress.Add(1);
        var served = next(context);
        if (!served.IsCompletedSuccessfully)
        {
            return EndAsync(context, began, served);
        }

        End(context, began);
        return served;
    }

    private async Task EndAsync(HttpContext context, long began, Task served)
    {
        try
        {
            await served;
        }
        finally
        {
            End(context, began);
        }
    }

    private void End(HttpContext context, long began)
    {
        inProgress.Add(-1);
        var route = context.GetEndpoint() is RouteEndpoint endpoint
            ? routes.TryGetValue(endpoint, out var known)
                ? known
                : routes.GetOrAdd(endpoint, new RouteSeries(this, MetricLabel.Template(endpoint.RoutePattern.RawText) ?? Unmatched))
            : unmatched;
        route.Record(context, time.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>The series of one route.</summary>
    private sealed class RouteSeries(RequestMetrics metrics, string route)
    {
        private const int Classes = 6;

        private readonly MetricSeries?[] counts = new MetricSeries?[Methods.Length * Classes];
        private MetricSeries? duration;

        public void Record(HttpContext context, double seconds)
        {
            (duration ??= metrics.durations.Series(route)).Observe(seconds);
            var method = IndexOf(context.Request.Method);
            var status = context.Response.StatusCode;
            ref var count = ref counts[method * Classes + (status is >= 100 and < 600 ? status / 100 : 0)];
            (count ??= metrics.requests.Series(route, Methods[method], MetricLabel.StatusClass(status) ?? "none")).Add(1L);
        }

        private static int IndexOf(string method)
        {
            for (var i = 0; i < Methods.Length - 1; i++)
            {
                // Kestrel gives known methods as these very strings.
                if (HttpMethods.Equals(method, Methods[i]))
                {
                    return i;
                }
            }

            return Methods.Length - 1;
        }
    }
}
