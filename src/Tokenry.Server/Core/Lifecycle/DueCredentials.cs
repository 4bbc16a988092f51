using System.Diagnostics.Metrics;
using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Reports credentials whose holders should soon replace them: an audit event <c>credential.due</c> 30, 7 and 1 day before and on the due time, and a metric
/// with their number. It runs once a minute; among several replicas, one writes each event.
/// </summary>
internal sealed partial class DueCredentials : BackgroundService
{
    private const int Step = 250;
    private const long Day = 86_400_000;
    private const long SoonDays = 7;

    /// <summary>
    /// Days before the due time, and the audit's words for them. The last warning comes first, so that a credential without any warning yet gets only one.
    /// </summary>
    private static readonly (long Days, string Words)[] Warnings =
    [
        (0, "overdue"),
        (1, "due within a day"),
        (7, "due within 7 days"),
        (30, "due within 30 days"),
    ];

    /// <summary>The words for what is due within 7 days, or was due before.</summary>
    public static readonly string[] Soon = [.. Warnings.Where(warning => warning.Days <= SoonDays).Select(warning => warning.Words)];

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly ILogger<DueCredentials> logger;
    private volatile Measurement<long>[] counts = [];

    public DueCredentials(Database database, IMeterFactory meters, TimeProvider time, ILogger<DueCredentials> logger)
    {
        (this.database, this.time, this.logger) = (database, time, logger);
        meters
            .Create(ServerMetrics.MeterName)
            .CreateObservableGauge(
                "tokenry.credentials.due",
                () => counts,
                "{credential}",
                "Credentials whose holders should have another."
            );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var run = Repeat.UnlessStoreIsAway(RunOnceAsync, LogSkipped);
        await run();
        await Repeat.EveryAsync(TimeSpan.FromMinutes(1), time, run, stoppingToken);
    }

    /// <summary>Reports everything that has not been reported.</summary>
    internal async Task RunOnceAsync()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var warning in Warnings)
        {
            while (await database.WriteAsync(tx => TellAsync(tx, warning.Days, warning.Words, now)) == Step) { }
        }

        counts = await database.ReadAsync(async connection =>
        {
            var found = new List<Measurement<long>>();
            foreach (var (days, _) in Warnings)
            {
                var count = await connection.ExecuteScalarAsync<long>(
                    "SELECT count(*) FROM credentials WHERE state = 'active' AND due_at IS NOT NULL AND due_at <= @before",
                    new { before = now + days * Day }
                );
                found.Add(new(count, new KeyValuePair<string, object?>("within_days", days)));
            }

            return found.ToArray();
        });
    }

    private async Task<int> TellAsync(WriteTransaction tx, long days, string words, long now)
    {
        const string untold =
            "state = 'active' AND due_at IS NOT NULL AND due_at <= @before AND (due_told_days IS NULL OR due_told_days > @days)";
        // The condition appears twice, because another replica may have written the event after the inner one was true.
        var due = await tx.QueryAsync<(string Id, string Kind, string OwnerId, string? Organization)>(
            $"UPDATE credentials SET due_told_days = @days WHERE id IN (SELECT id FROM credentials WHERE {untold} ORDER BY due_at LIMIT @Step{tx.Dialect.SkipLocked}) "
                + $"AND {untold} RETURNING id, kind, owner_id, ({CredentialStore.OrganizationOf("credentials.id")})",
            new
            {
                days,
                before = now + days * Day,
                Step,
            }
        );
        foreach (var (id, kind, ownerId, organization) in due)
        {
            tx.Record(
                new AuditEntry
                {
                    Id = PublicId.Create("evt", PublicId.NewUuid7(time.GetUtcNow())),
                    At = now,
                    Actor = ownerId,
                    CredentialId = id,
                    Action = "credential.due",
                    Result = AuditEntry.Signal,
                    Reason = words,
                    OrganizationId = organization,
                    TargetType = kind,
                    TargetId = id,
                }
            );
        }

        return due.Count;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Due credentials were not looked for this minute: {Reason}")]
    private partial void LogSkipped(string reason);
}
