using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Store;

/// <summary>Keeps tables from growing for ever: once a minute, in steps of a thousand rows so that writers are not held up.</summary>
internal sealed partial class Purge(Database database, TokenryOptions options, TimeProvider time, ILogger<Purge> logger) : BackgroundService
{
    private const int Step = 1000;

    // Replicas poll twice a second; one that has not for an hour forgets its caches (PostgresChangeFeed).
    private static readonly TimeSpan ChangesKept = TimeSpan.FromHours(1);

    // A superseded secret answers `revoked` for this long, then `unknown`.
    private static readonly TimeSpan SupersededSecretsKept = TimeSpan.FromDays(400);

    // Minutes are for now, hours for a year's report with room to spare.
    private static readonly TimeSpan MinutesKept = TimeSpan.FromDays(2);
    private static readonly TimeSpan HoursKept = TimeSpan.FromDays(400);

    /// <summary>Each statement removes at most <c>@step</c> rows that ended before <c>@before</c>.</summary>
    private readonly (string Sql, TimeSpan Kept)[] statements =
    [
        (
            "DELETE FROM single_use WHERE (kind, hash) IN (SELECT kind, hash FROM single_use WHERE expires_at < @before LIMIT @step)",
            TimeSpan.Zero
        ),
        ("DELETE FROM idempotency WHERE scope IN (SELECT scope FROM idempotency WHERE expires_at < @before LIMIT @step)", TimeSpan.Zero),
        (
            "DELETE FROM revoked_access_tokens WHERE token_id IN "
                + "(SELECT token_id FROM revoked_access_tokens WHERE expires_at < @before LIMIT @step)",
            TimeSpan.FromMinutes(5)
        ),
        (
            "DELETE FROM credential_secrets WHERE (credential_id, version) IN (SELECT s.credential_id, s.version FROM credential_secrets s "
                + "WHERE s.expires_at < @before AND EXISTS (SELECT 1 FROM credential_secrets n "
                + "WHERE n.credential_id = s.credential_id AND n.version > s.version) LIMIT @step)",
            SupersededSecretsKept
        ),
        // The newest row stays: its number is where the sequence goes on.
        (
            "DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < @before "
                + "AND seq < (SELECT max(seq) FROM changes) ORDER BY seq LIMIT @step)",
            ChangesKept
        ),
        (
            "DELETE FROM limit_counters WHERE (subject_id, name, span, starts_at) IN "
                + "(SELECT subject_id, name, span, starts_at FROM limit_counters WHERE expires_at < @before LIMIT @step)",
            TimeSpan.FromMinutes(5)
        ),
        (UsageOf("minute"), MinutesKept),
        (UsageOf("hour"), HoursKept),
        (
            "DELETE FROM access_log WHERE id IN (SELECT id FROM access_log WHERE at < @before ORDER BY at LIMIT @step)",
            options.Retention.AccessLog
        ),
        (
            "DELETE FROM credential_networks WHERE (credential_id, network) IN "
                + "(SELECT credential_id, network FROM credential_networks WHERE last_seen_at < @before LIMIT @step)",
            HoursKept
        ),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RunOnceAsync();
                }
                catch (StoreUnavailableException exception)
                {
                    LogSkipped(exception.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    /// <summary>Purges everything that is due now.</summary>
    internal async Task<int> RunOnceAsync()
    {
        var total = 0;
        foreach (var (sql, kept) in statements)
        {
            var before = (time.GetUtcNow() - kept).ToUnixTimeMilliseconds();
            int removed;
            do
            {
                removed = await database.WriteAsync(tx => tx.ExecuteAsync(sql, new { before, step = Step }));
                total += removed;
            } while (removed == Step);
        }

        return total;
    }

    private static string UsageOf(string span) =>
        "DELETE FROM usage_counters WHERE (span, at, credential_id, api, scope, code) IN (SELECT span, at, credential_id, api, scope, code "
        + $"FROM usage_counters WHERE span = '{span}' AND at < @before ORDER BY at LIMIT @step)";

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Purging was skipped this minute: {Reason}")]
    private partial void LogSkipped(string reason);
}
