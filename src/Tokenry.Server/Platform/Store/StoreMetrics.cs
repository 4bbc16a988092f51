using System.Diagnostics.Metrics;

namespace Tokenry.Server.Platform.Store;

/// <summary>The store's own metrics. <c>docs/metrics.md</c> describes each.</summary>
public sealed class StoreMetrics
{
    private readonly Meter meter;
    private readonly Histogram<double> commits;
    private readonly Counter<long> audited;
    private readonly Unserved reads = new("read");
    private readonly Unserved writes = new("write");
    private readonly Unserved polls = new("poll");
    private Histogram<long>? batches;

    public StoreMetrics(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        this.meter = meter;
        commits = meter.CreateHistogram<double>("tokenry.store.commit.duration", "s", "Time of a COMMIT.");
        audited = meter.CreateCounter<long>("tokenry.audit.events", "{event}", "Audit events committed.");
        meter.CreateObservableCounter(
            "tokenry.store.unavailable",
            () => new[] { reads.Measured, writes.Measured, polls.Measured },
            "{operation}",
            "Operations that the store did not serve."
        );
    }

    /// <summary>For a store outside the server, whose metrics are not read.</summary>
    public static StoreMetrics Unobserved { get; } = new(new Meter("Tokenry.Unobserved"));

    /// <param name="waiting">Returns how many operations wait for the one writer.</param>
    public void ObserveWriter(Func<int> waiting)
    {
        batches = meter.CreateHistogram<long>("tokenry.store.commit.batch_size", "{operation}", "Operations that shared a COMMIT.");
        meter.CreateObservableGauge("tokenry.store.writer.queue", waiting, "{operation}", "Operations that wait for the writer.");
    }

    public void Batch(int operations) => batches?.Record(operations);

    public void Committed(TimeSpan duration, int auditEvents)
    {
        commits.Record(duration.TotalSeconds);
        if (auditEvents > 0)
        {
            audited.Add(auditEvents);
        }
    }

    public void ReadUnserved() => reads.Increment();

    public void WriteUnserved() => writes.Increment();

    /// <summary>Counts a failed poll of the change feed.</summary>
    public void PollUnserved() => polls.Increment();

    private sealed class Unserved(string operation)
    {
        private readonly KeyValuePair<string, object?> tag = new("operation", operation);
        private long count;

        public Measurement<long> Measured => new(Interlocked.Read(ref count), tag);

        public void Increment() => Interlocked.Increment(ref count);
    }
}
