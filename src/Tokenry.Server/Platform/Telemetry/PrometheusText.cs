using System.Globalization;
using System.Text;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>The Prometheus text exposition format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public static void Append(StringBuilder text, MetricFamily family)
    {
        var definition = family.Definition;
        var type = definition.Type switch
        {
            MetricType.Counter => "counter",
            MetricType.Gauge => "gauge",
            _ => "histogram",
        };
        text.Append("# HELP ").Append(definition.Name).Append(' ').Append(EscapeHelp(definition.Help)).Append('\n');
        text.Append("# TYPE ").Append(definition.Name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, series) in family.InOrder())
        {
            if (definition.Type == MetricType.Histogram)
            {
                AppendHistogram(text, definition, labels, series);
            }
            else
            {
                AppendSample(text, definition, labels, new("", null, series.Value));
            }
        }
    }

    private static void AppendHistogram(StringBuilder text, MetricDefinition definition, IReadOnlyList<string> labels, MetricSeries series)
    {
        var total = 0L;
        var sum = series.Value;
        for (var index = 0; index < series.Buckets.Length; index++)
        {
            total += Interlocked.Read(in series.Buckets[index]);
            var bound = index < definition.Buckets.Length ? definition.Buckets[index] : double.PositiveInfinity;
            AppendSample(text, definition, labels, new("_bucket", bound, total));
        }

        AppendSample(text, definition, labels, new("_sum", null, sum));
        AppendSample(text, definition, labels, new("_count", null, total));
    }

    private static void AppendSample(StringBuilder text, MetricDefinition definition, IReadOnlyList<string> labels, Sample sample)
    {
        var (suffix, bound, value) = sample;
        text.Append(definition.Name).Append(suffix);
        var separator = '{';
        for (var index = 0; index < labels.Count; index++)
        {
            AppendLabel(definition.Labels[index].Name, labels[index]);
        }

        if (bound is { } le)
        {
            AppendLabel("le", Number(le));
        }

        text.Append(separator == ',' ? "} " : " ").Append(Number(value)).Append('\n');

        void AppendLabel(string name, string content)
        {
            text.Append(separator).Append(name).Append("=\"").Append(EscapeLabel(content)).Append('"');
            separator = ',';
        }
    }

    internal static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    internal static string EscapeLabel(string value) => EscapeHelp(value).Replace("\"", "\\\"", StringComparison.Ordinal);

    internal static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>One line of a series.</summary>
    /// <param name="Suffix">Of the metric's name.</param>
    /// <param name="Bound">Upper end of a histogram's bucket.</param>
    /// <param name="Value">The value.</param>
    private readonly record struct Sample(string Suffix, double? Bound, double Value);
}
