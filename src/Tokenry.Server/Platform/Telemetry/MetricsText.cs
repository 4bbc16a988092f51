using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>
/// Listens to the instruments in <see cref="MetricCatalog"/> and writes them in the Prometheus text format 0.0.4. It reuses an answer for a quarter of a
/// second, so that frequent requests cost little.
/// </summary>
internal sealed partial class MetricsText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    internal static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<MetricDefinition, MetricFamily> families = new(ReferenceEqualityComparer.Instance);
    private readonly MeterListener listener = new();
    private readonly Lock collecting = new();
    private readonly TimeProvider time;
    private readonly ILogger<MetricsText> logger;
    private (long At, byte[] Text)? last;

    public MetricsText(TimeProvider time, ILogger<MetricsText> logger)
    {
        this.time = time;
        this.logger = logger;
        listener.InstrumentPublished = Enable;
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Record(value, tags, state));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Record(value, tags, state));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Record(value, tags, state));
        listener.Start();
    }

    /// <summary>A metric that is recorded without an instrument.</summary>
    public MetricFamily Family(MetricDefinition definition) =>
        families.GetOrAdd(definition, static key => new MetricFamily(key, observed: false));

    /// <summary>Everything as of now, or of a moment ago.</summary>
    public byte[] Read()
    {
        lock (collecting)
        {
            if (last is { } known && time.GetElapsedTime(known.At) < Lifetime)
            {
                return known.Text;
            }

            Collect();
            var text = Encoding.UTF8.GetBytes(Write());
            last = (time.GetTimestamp(), text);
            return text;
        }
    }

    public void Dispose() => listener.Dispose();

    private void Enable(Instrument instrument, MeterListener meterListener)
    {
        var matching = MetricCatalog
            .Of(instrument)
            .Where(definition => !MetricCatalog.IsRecordedDirectly(definition))
            .Select(definition => families.GetOrAdd(definition, key => new MetricFamily(key, instrument.IsObservable)))
            .ToArray();
        if (matching.Length > 0)
        {
            meterListener.EnableMeasurementEvents(instrument, matching);
        }
    }

    private void Collect()
    {
        foreach (var (_, family) in families)
        {
            if (family.Observed)
            {
                family.Forget();
            }
        }

        try
        {
            listener.RecordObservableInstruments();
        }
        catch (AggregateException exception)
        {
            LogFailed(exception); // the other metrics were read all the same
        }
    }

    private static void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var family in (MetricFamily[])state!)
        {
            family.Record(value, tags);
        }
    }

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var family in (MetricFamily[])state!)
        {
            family.Record(value, tags);
        }
    }

    private string Write()
    {
        var text = new StringBuilder(32 * 1024);
        foreach (var definition in MetricCatalog.All)
        {
            if (families.TryGetValue(definition, out var family))
            {
                PrometheusText.Append(text, family);
            }
        }

        return text.ToString();
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The server could not read a metric.")]
    private partial void LogFailed(Exception exception);
}
