using System.Collections.Immutable;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>A type of the Prometheus text format.</summary>
internal enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A label, and the tag that is its source.</summary>
/// <param name="Name">The label's name.</param>
/// <param name="Tag">The tag's name.</param>
/// <param name="Absent">The value if the tag is absent.</param>
internal sealed record MetricLabel(string Name, string Tag, string Absent = "none")
{
    private static readonly ImmutableArray<string> Classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    /// <summary>Converts a tag's value to the label's value.</summary>
    public Func<object?, string?> From { get; init; } = value => value as string ?? value?.ToString();

    public string Read(object? value) => From(value) ?? Absent;

    /// <summary>The class of a status code, such as <c>2xx</c>.</summary>
    public static string? StatusClass(object? value) => value is int code and >= 100 and < 600 ? Classes[(code / 100) - 1] : null;

    /// <summary>A group's own route ends with a slash that the URL does not have.</summary>
    public static string? Template(object? value) =>
        value is string { Length: > 1 } template && template.EndsWith('/') ? template[..^1] : value as string;
}

/// <summary>A metric and the instrument that is its source.</summary>
/// <param name="Name">The name in Prometheus.</param>
/// <param name="Type">Its type.</param>
/// <param name="Meter">The meter of the instrument.</param>
/// <param name="Instrument">The instrument's name.</param>
/// <param name="Help">The help text: one sentence.</param>
/// <param name="Labels">At most three. Other tags are dropped, and measurements that differ only in them are added up.</param>
internal sealed record MetricDefinition(
    string Name,
    MetricType Type,
    string Meter,
    string Instrument,
    string Help,
    params ImmutableArray<MetricLabel> Labels
)
{
    /// <summary>Upper bounds of a histogram's buckets.</summary>
    public ImmutableArray<double> Buckets { get; init; } = [];

    /// <summary>For a counter from a histogram: counts the measurements instead of adding them.</summary>
    public bool CountsMeasurements { get; init; }

    /// <summary>Further label values are counted together as <c>other</c>.</summary>
    public int MostSeries { get; init; } = 100;
}
