using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>
/// Every metric that leaves the server by <c>/metrics</c> and OTLP; other instruments are ignored. <c>docs/metrics.md</c> describes each metric, and a test
/// compares the two.
/// </summary>
internal static class MetricCatalog
{
    private const string Own = ServerMetrics.MeterName;
    private const string Hosting = "Microsoft.AspNetCore.Hosting";
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";
    private const string Npgsql = "Npgsql";
    private const string Runtime = "System.Runtime";

    private static readonly ImmutableArray<double> Seconds =
    [
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
    ];

    private static readonly MetricLabel Route = new("route", "http.route", Absent: "unmatched") { From = MetricLabel.Template };
    private static readonly MetricLabel Method = new("method", "http.request.method");
    private static readonly MetricLabel Status = new("status", "http.response.status_code") { From = MetricLabel.StatusClass };
    private static readonly MetricLabel Cache = new("cache", "cache");
    private static readonly MetricLabel Pool = new("pool", "db.client.connection.pool.name");
    private static readonly MetricLabel Generation = new("generation", "gc.heap.generation");

    /// <summary>Recorded by <see cref="RequestMetrics"/>; OTLP exports the framework's instrument of this name.</summary>
    public static MetricDefinition Requests { get; } =
        Counter("tokenry_http_requests_total", Hosting, "http.server.request.duration", "Requests answered.", Route, Method, Status) with
        {
            CountsMeasurements = true,
            MostSeries = 1000,
        };

    /// <summary>Recorded by <see cref="RequestMetrics"/>; OTLP exports the framework's instrument of this name.</summary>
    public static MetricDefinition RequestDurations { get; } =
        Histogram(
            "tokenry_http_request_duration_seconds",
            Hosting,
            "http.server.request.duration",
            "Time from a request's first byte to its answer's last.",
            Route
        ) with
        {
            Buckets = Seconds,
            MostSeries = 200,
        };

    /// <summary>Recorded by <see cref="RequestMetrics"/>; OTLP exports the framework's instrument of this name.</summary>
    public static MetricDefinition RequestsInProgress { get; } =
        Gauge("tokenry_http_requests_in_progress", Hosting, "http.server.active_requests", "Requests being answered.");

    public static ImmutableArray<MetricDefinition> All { get; } =
    [
        Gauge(
            "tokenry_build_info",
            Own,
            "tokenry.build",
            "Always 1; the labels name the running version.",
            new("version", "version"),
            new("dotnet", "dotnet")
        ),
        Counter(
            "tokenry_decisions_total",
            Own,
            "tokenry.decisions",
            "Decisions about presented credentials.",
            new("door", "door"),
            new("code", "code")
        ) with
        {
            MostSeries = 200,
        },
        Counter("tokenry_tokens_issued_total", Own, "tokenry.tokens.issued", "Access tokens issued.", new MetricLabel("grant", "grant")),
        Counter("tokenry_signals_total", Own, "tokenry.signals", "Signals of misuse.", new MetricLabel("signal", "signal")),
        Gauge(
            "tokenry_credentials_due",
            Own,
            "tokenry.credentials.due",
            "Credentials that are due for replacement, by days left.",
            new MetricLabel("within_days", "within_days")
        ),
        Counter("tokenry_audit_events_total", Own, "tokenry.audit.events", "Audit events committed."),
        Counter(
            "tokenry_audit_faults_total",
            Own,
            "tokenry.audit.faults",
            "Times the audit trail lacked events known from outside it.",
            new MetricLabel("fault", "fault")
        ),
        Gauge("tokenry_audit_missing_events", Own, "tokenry.audit.missing", "Newest audit events found gone."),
        Gauge("tokenry_audit_missing_seconds", Own, "tokenry.audit.missing_time", "The time they cover."),
        Requests,
        RequestDurations,
        RequestsInProgress,
        Gauge("tokenry_http_connections", Kestrel, "kestrel.active_connections", "Open connections."),
        Counter(
            "tokenry_http_connections_rejected_total",
            Kestrel,
            "kestrel.rejected_connections",
            "Connections rejected because the limit was reached."
        ),
        Gauge("tokenry_facts_entries", Own, "tokenry.facts.entries", "Cached facts.", Cache),
        Counter("tokenry_facts_hits_total", Own, "tokenry.facts.hits", "Facts found in memory.", Cache),
        Counter("tokenry_facts_misses_total", Own, "tokenry.facts.misses", "Facts read from the store, or from a read in progress.", Cache),
        Gauge("tokenry_facts_age_seconds", Own, "tokenry.facts.age", "How old cached facts may be; the server uses none older than 5 s."),
        Counter(
            "tokenry_store_unavailable_total",
            Own,
            "tokenry.store.unavailable",
            "Operations that the store did not serve.",
            new MetricLabel("operation", "operation")
        ),
        Histogram("tokenry_store_commit_duration_seconds", Own, "tokenry.store.commit.duration", "Time of a COMMIT.") with
        {
            Buckets = Seconds,
        },
        Histogram(
            "tokenry_store_commit_batch_size",
            Own,
            "tokenry.store.commit.batch_size",
            "Operations that shared a COMMIT (SQLite)."
        ) with
        {
            Buckets = [1, 2, 4, 8, 16, 32, 64],
        },
        Gauge("tokenry_store_writer_queue_length", Own, "tokenry.store.writer.queue", "Operations that wait for the writer (SQLite)."),
        Gauge(
            "tokenry_store_connections",
            Npgsql,
            "db.client.connection.count",
            "Connections to the database (PostgreSQL).",
            Pool,
            new("state", "db.client.connection.state")
        ),
        Gauge("tokenry_store_connections_max", Npgsql, "db.client.connection.max", "Connections a pool may open (PostgreSQL).", Pool),
        Gauge(
            "tokenry_store_connections_waiting",
            Npgsql,
            "db.client.connection.npgsql.pending_requests",
            "Operations that wait for a connection (PostgreSQL).",
            Pool
        ),
        Gauge("process_start_time_seconds", Own, "process.start_time", "When the process started, in Unix time."),
        Counter("process_cpu_seconds_total", Runtime, "dotnet.process.cpu.time", "CPU time, user and system."),
        Gauge("process_resident_memory_bytes", Runtime, "dotnet.process.memory.working_set", "Resident memory."),
        Gauge("process_open_fds", Own, "process.open_fds", "Open file descriptors."),
        Gauge("process_max_fds", Own, "process.max_fds", "File descriptors the process may open."),
        Counter("dotnet_gc_collections_total", Runtime, "dotnet.gc.collections", "Garbage collections.", Generation),
        Counter("dotnet_gc_pause_seconds_total", Runtime, "dotnet.gc.pause.time", "Time the process was paused for garbage collection."),
        Counter("dotnet_gc_allocated_bytes_total", Runtime, "dotnet.gc.heap.total_allocated", "Bytes allocated."),
        Gauge("dotnet_gc_heap_bytes", Runtime, "dotnet.gc.last_collection.heap.size", "Heap after the last collection.", Generation),
        Gauge("dotnet_thread_pool_threads", Runtime, "dotnet.thread_pool.thread.count", "Threads of the pool."),
        Gauge("dotnet_thread_pool_queue_length", Runtime, "dotnet.thread_pool.queue.length", "Work that waits for a thread."),
    ];

    public static IEnumerable<string> Meters => All.Select(metric => metric.Meter).Distinct(StringComparer.Ordinal);

    public static IEnumerable<MetricDefinition> Of(Instrument instrument) =>
        All.Where(metric => metric.Instrument == instrument.Name && metric.Meter == instrument.Meter.Name);

    /// <summary>Whether <c>/metrics</c> has it from <see cref="RequestMetrics"/> and not from its instrument.</summary>
    public static bool IsRecordedDirectly(MetricDefinition definition) => definition.Meter == Hosting;

    private static MetricDefinition Counter(
        string name,
        string meter,
        string instrument,
        string help,
        params ImmutableArray<MetricLabel> labels
    ) => new(name, MetricType.Counter, meter, instrument, help, labels);

    private static MetricDefinition Gauge(
        string name,
        string meter,
        string instrument,
        string help,
        params ImmutableArray<MetricLabel> labels
    ) => new(name, MetricType.Gauge, meter, instrument, help, labels);

    private static MetricDefinition Histogram(
        string name,
        string meter,
        string instrument,
        string help,
        params ImmutableArray<MetricLabel> labels
    ) => new(name, MetricType.Histogram, meter, instrument, help, labels);
}
