using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>Sends the metrics of <see cref="MetricCatalog"/> and one span for each request to a collector, by OTLP over HTTP.</summary>
internal sealed class OtlpExport(TokenryOptions options) : IHostedService, IDisposable
{
    // An unreachable collector must not delay the stop of the server.
    private const int PatienceInMilliseconds = 3000;

    private MeterProvider? metrics;
    private TracerProvider? traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("tokenry", serviceVersion: ProcessMetrics.Version);
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter([.. MetricCatalog.Meters])
            .AddView(Shape)
            .AddOtlpExporter(exporter => Address(exporter, "v1/metrics"))
            .Build();
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("Microsoft.AspNetCore")
            .AddProcessor(new RequestSpans())
            .AddOtlpExporter(exporter => Address(exporter, "v1/traces"))
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>Sends the remaining data.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            Task.Run(() => traces?.Shutdown(PatienceInMilliseconds), CancellationToken.None),
            Task.Run(() => metrics?.Shutdown(PatienceInMilliseconds), CancellationToken.None)
        );

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }

    private void Address(OtlpExporterOptions exporter, string path)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(options.Otlp.Endpoint!.AbsoluteUri.TrimEnd('/') + "/" + path);
        exporter.TimeoutMilliseconds = PatienceInMilliseconds;
    }

    /// <summary>The same instruments and labels as <c>/metrics</c>, under OpenTelemetry's names.</summary>
    private static MetricStreamConfiguration Shape(Instrument instrument)
    {
        var matching = MetricCatalog.Of(instrument).ToList();
        if (matching.Count == 0)
        {
            return MetricStreamConfiguration.Drop;
        }

        string[] tags = [.. matching.SelectMany(metric => metric.Labels).Select(label => label.Tag).Distinct(StringComparer.Ordinal)];
        return matching.Find(metric => metric.Type == MetricType.Histogram) is { } histogram
            ? new ExplicitBucketHistogramConfiguration { TagKeys = tags, Boundaries = [.. histogram.Buckets] }
            : new MetricStreamConfiguration { TagKeys = tags };
    }
}
