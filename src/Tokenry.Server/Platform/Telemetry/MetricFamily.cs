using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>A metric and its series by label values. Its definition limits the number of series, independent of what clients send.</summary>
internal sealed class MetricFamily
{
    private const string Other = "other";

    private readonly ConcurrentDictionary<LabelValues, MetricSeries> series = new();
    private readonly Lock adding = new();
    private volatile MetricSeries? overflow;

    public MetricFamily(MetricDefinition definition, bool observed)
    {
        Definition = definition;
        Observed = observed;
        if (definition.Labels.IsEmpty && !observed)
        {
            Find([]); // a rate needs an initial zero
        }
    }

    public MetricDefinition Definition { get; }

    /// <summary>Whether it is observed at each collection; it is empty before each.</summary>
    public bool Observed { get; }

    public IReadOnlyList<(IReadOnlyList<string> Labels, MetricSeries Series)> InOrder()
    {
        var labels = Definition.Labels.Length;
        var all = series.Select(entry => (entry.Key.ToList(labels), entry.Value)).ToList();
        if (overflow is { } rest)
        {
            all.Add(([.. Enumerable.Repeat(Other, labels)], rest));
        }

        return [.. all.OrderBy(entry => string.Join('\0', entry.Item1), StringComparer.Ordinal)];
    }

    /// <summary>The series of these label values; for code that records without an instrument.</summary>
    public MetricSeries Series(string? first = null, string? second = null, string? third = null) =>
        Find(new LabelValues(first, second, third));

    public void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var found = Find(tags);
        if (Definition.Type == MetricType.Histogram)
        {
            found.Observe(value);
        }
        else
        {
            found.Add(Definition.CountsMeasurements ? 1 : value);
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var found = Find(tags);
        if (Definition.Type == MetricType.Histogram)
        {
            found.Observe(value);
        }
        else if (Definition.CountsMeasurements)
        {
            found.Add(1L);
        }
        else
        {
            found.Add(value);
        }
    }

    public void Forget()
    {
        lock (adding)
        {
            series.Clear();
            overflow = null;
        }
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        Find(new LabelValues(Read(0, tags), Read(1, tags), Read(2, tags)));

    private MetricSeries Find(LabelValues values) => series.TryGetValue(values, out var found) ? found : overflow ?? AddSeries(values);

    private MetricSeries AddSeries(LabelValues values)
    {
        lock (adding)
        {
            if (series.Count < Definition.MostSeries - 1)
            {
                return series.GetOrAdd(values, _ => new MetricSeries(Definition.Buckets));
            }

            return overflow ??= new MetricSeries(Definition.Buckets);
        }
    }

    private string? Read(int index, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (index >= Definition.Labels.Length)
        {
            return null;
        }

        var label = Definition.Labels[index];
        foreach (var (key, value) in tags)
        {
            if (key == label.Tag)
            {
                return label.Read(value);
            }
        }

        return label.Absent;
    }

    private readonly record struct LabelValues(string? First, string? Second, string? Third)
    {
        public IReadOnlyList<string> ToList(int count) => [.. new[] { First, Second, Third }.Take(count).Select(value => value!)];
    }
}
