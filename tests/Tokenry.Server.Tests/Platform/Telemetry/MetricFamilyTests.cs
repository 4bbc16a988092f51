using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary>Counting and writing, without a server.</summary>
public sealed class MetricFamilyTests
{
    private static readonly MetricLabel Label = new("label", "tag");

    [Fact]
    public void Values_beyond_the_limit_are_counted_together()
    {
        var family = Family(MetricType.Counter, labels: [Label], mostSeries: 3);
        for (var number = 0; number < 100; number++)
            family.Record(1L, [new("tag", $"value-{number}")]);
        family.Record(5L, [new("tag", "value-1")]); // the early ones keep their own
        Assert.Equal(
            "# HELP m Help.\n# TYPE m counter\nm{label=\"other\"} 98\nm{label=\"value-0\"} 1\nm{label=\"value-1\"} 6\n",
            Write(family)
        );
    }

    [Fact]
    public void A_tag_that_is_no_label_is_dropped_and_a_missing_one_named()
    {
        var family = Family(MetricType.Gauge, labels: [Label]);
        family.Record(2L, [new("tag", "a"), new("server.address", "10.1.1.1")]);
        family.Record(3L, [new("tag", "a"), new("server.address", "10.2.2.2")]);
        family.Record(0.5, [new("server.address", "10.3.3.3")]);
        family.Record(-1L, [new("tag", "a")]);
        Assert.Equal("# HELP m Help.\n# TYPE m gauge\nm{label=\"a\"} 4\nm{label=\"none\"} 0.5\n", Write(family));
    }

    [Fact]
    public void A_value_exactly_on_a_bound_is_within_it()
    {
        var family = Family(MetricType.Histogram, buckets: [1, 2.5]);
        foreach (var value in new[] { 0.5, 1, 1.5, 2.5, 100 })
            family.Record(value, []);
        Assert.Equal(
            "# HELP m Help.\n# TYPE m histogram\n"
                + "m_bucket{le=\"1\"} 2\nm_bucket{le=\"2.5\"} 4\nm_bucket{le=\"+Inf\"} 5\nm_sum 105.5\nm_count 5\n",
            Write(family)
        );
    }

    [Fact]
    public void What_would_end_a_line_or_a_value_is_escaped()
    {
        var family = Family(MetricType.Counter, labels: [Label], help: "A \\ and\na line.");
        family.Record(1L, [new("tag", "\" \\ \n{}")]);
        Assert.Equal("# HELP m A \\\\ and\\na line.\n# TYPE m counter\nm{label=\"\\\" \\\\ \\n{}\"} 1\n", Write(family));
    }

    [Fact]
    public void Nothing_is_lost_between_threads()
    {
        var counter = Family(MetricType.Counter, labels: [Label]);
        var histogram = Family(MetricType.Histogram, buckets: [0.5]);
        Parallel.For(
            0,
            8,
            thread =>
            {
                for (var round = 0; round < 20_000; round++)
                {
                    counter.Record(1L, [new("tag", $"{round % 4}")]);
                    counter.Record(0.5, [new("tag", "half")]);
                    histogram.Record(thread % 2, []);
                }
            }
        );
        var text = Write(counter) + Write(histogram);
        foreach (var number in Enumerable.Range(0, 4))
            Assert.Contains($"m{{label=\"{number}\"}} 40000\n", text, StringComparison.Ordinal);
        Assert.Contains("m{label=\"half\"} 80000\n", text, StringComparison.Ordinal);
        Assert.EndsWith(
            "m_bucket{le=\"0.5\"} 80000\nm_bucket{le=\"+Inf\"} 160000\nm_sum 80000\nm_count 160000\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Counting_leaves_nothing_on_the_heap()
    {
        var family = new MetricFamily(MetricCatalog.All.Single(metric => metric.Name == "tokenry_http_requests_total"), observed: false);
        object status = 200;
        var allocated = await Allocations.OfAsync(() =>
            family.Record(
                0.001,
                [new("http.request.method", "POST"), new("http.response.status_code", status), new("http.route", "/v1/verify")]
            )
        );
        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task Every_instrument_of_ours_is_in_the_catalog()
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-metrics-");
        var known = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == ServerMetrics.MeterName)
                known.Add(instrument);
        };
        listener.Start();
        try
        {
            await using var server = await TokenryServer.BuildAsync([
                $"--Tokenry:DataDirectory={directory.FullName}",
                "--urls=http://127.0.0.1:7600",
            ]);
            Assert.True(known.Count > 10);
            Assert.Empty(known.Where(instrument => !MetricCatalog.Of(instrument).Any()).Select(instrument => instrument.Name));
            Assert.NotNull(server.App.Services.GetService<MetricsText>());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static MetricFamily Family(
        MetricType type,
        ImmutableArray<MetricLabel>? labels = null,
        ImmutableArray<double>? buckets = null,
        int mostSeries = 100,
        string help = "Help."
    ) =>
        new(
            new MetricDefinition("m", type, "meter", "instrument", help, labels ?? []) { Buckets = buckets ?? [], MostSeries = mostSeries },
            observed: false
        );

    private static string Write(MetricFamily family)
    {
        var text = new StringBuilder();
        PrometheusText.Append(text, family);
        return text.ToString();
    }
}
