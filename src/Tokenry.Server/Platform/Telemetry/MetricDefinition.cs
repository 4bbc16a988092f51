using System.Collections.Immutable;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>A type of the Prometheus text format.</summary>
internal enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A label and the tag it is read from.</summary>
/// <param name="Name">The label's name.</param>
/// <param name="Tag">The tag's name.</param>
/// <param name="Absent">What stands where the tag is absent.</param>
internal sealed record MetricLabel(string Name, string Tag, string Absent = "none")
{
    private static readonly ImmutableArray<string> Classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    /// <summary>How a tag's value becomes the label's.</summary>
    public Func<object?, string?> From { get; init; } = value => value as string ?? value?.ToString();

    public string Read(object? value) => From(value) ?? Absent;

    /// <summary>Of a status code.</summary>
    public static string? StatusClass(object? value) => value is int code and >= 100 and < 600 ? Classes[(code / 100) - 1] : null;

    /// <summary>A group's own route ends with a slash that addresses do not have.</summary>
    public static string? Template(object? value) =>
        value is string { Length: > 1 } template && template.EndsWith('/') ? template[..^1] : value as string;
}

/// <summary>A metric as it leaves the server, and the instrument it is read from.</summary>
/// <param name="Name">As Prometheus has it.</param>
/// <param name="Type">Its type.</param>
/// <param name="Meter">Whose instrument.</param>
/// <param name="Instrument">The instrument's name.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Labels">At most three. Tags that are not here are dropped, and what differs in them alone is added up.</param>
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

    /// <summary>Of a counter that is read from a histogram: how often, not how much.</summary>
    public bool CountsMeasurements { get; init; }

    /// <summary>Label values beyond this many are counted together as <c>other</c>.</summary>
    public int MostSeries { get; init; } = 100;
}
