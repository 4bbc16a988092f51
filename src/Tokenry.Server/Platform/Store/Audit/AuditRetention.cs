using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// Applies the operator's retention limits. It removes the oldest audit events and keeps the anchor. It erases addresses and free text of older events and
/// keeps their pseudonyms. The chain stays valid.
/// </summary>
public sealed partial class AuditRetention(
    Database database,
    AuditKey key,
    TokenryOptions options,
    TimeProvider time,
    ILogger<AuditRetention> logger
) : BackgroundService
{
    private const int Step = 1000;

    /// <summary>
    /// How far the oldest event must exceed the limit before removal: each removal writes an audit event, so the server removes events in groups.
    /// </summary>
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    private long erasedUpTo;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Retention is { Audit: null, PersonalData: null })
        {
            return;
        }

        var run = Repeat.UnlessStoreIsAway(RunOnceAsync, LogSkipped);
        await run();
        await Repeat.EveryAsync(TimeSpan.FromMinutes(1), time, run, stoppingToken);
    }

    /// <summary>Removes and erases everything that is due now.</summary>
    internal async Task RunOnceAsync()
    {
        var now = time.GetUtcNow();
        if (options.Retention.PersonalData is { } inClear)
        {
            await EraseAsync((now - inClear).ToUnixTimeMilliseconds());
        }

        if (options.Retention.Audit is { } kept)
        {
            while (await database.WriteAsync(tx => RemoveAsync(tx, now, kept)) == Step)
            {
                // In steps, so that writers do not wait long.
            }
        }
    }

    private async Task EraseAsync(long before)
    {
        // The search runs beside the writers: after a start it must first pass all events that were erased before.
        var from = await database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<long?>(
                "SELECT at FROM audit_events WHERE at >= @erasedUpTo AND at < @before AND (ip IS NOT NULL OR personal IS NOT NULL) ORDER BY at LIMIT 1",
                new { erasedUpTo, before }
            )
        );
        while (from is { } next)
        {
            var erased = await database.WriteAsync(tx =>
                tx.QueryAsync<long>(
                    """
                    UPDATE audit_events SET ip = NULL, personal = NULL WHERE seq IN (SELECT seq FROM audit_events
                      WHERE at >= @next AND at < @before AND (ip IS NOT NULL OR personal IS NOT NULL) ORDER BY at LIMIT @Step)
                    RETURNING at
                    """,
                    new
                    {
                        next,
                        before,
                        Step,
                    }
                )
            );
            from = erased.Count == Step ? erased.Max() : null;
        }

        // Keep a margin: an entry for a minute is written after that minute, with the time of its first occurrence.
        erasedUpTo = before - (long)Slack.TotalMilliseconds;
    }

    private async Task<int> RemoveAsync(WriteTransaction tx, DateTimeOffset now, TimeSpan kept)
    {
        // One replica at a time.
        await tx.FirstOrDefaultAsync<string>(ChainAnchor.Select + tx.Dialect.ForUpdate("store_properties"));
        var oldest = await tx.QueryAsync<ChainHead>(
            "SELECT seq, hash, at FROM audit_events ORDER BY seq LIMIT @most",
            new { most = Step + 1 }
        );
        var before = (now - kept).ToUnixTimeMilliseconds();
        if (oldest.Count == 0 || oldest[0].At >= before - (long)Slack.TotalMilliseconds)
        {
            return 0;
        }

        // The newest event always stays, because the next one follows it.
        var removed = oldest.Take(oldest.Count - 1).TakeWhile(row => row.At < before).ToList();
        if (removed.Count == 0)
        {
            return 0;
        }

        var last = removed[^1];
        await tx.ExecuteAsync("DELETE FROM audit_events WHERE seq <= @Seq", new { last.Seq });
        await new ChainAnchor(last.Seq, last.Hash).StoreAsync(tx, key.Bytes);
        tx.Record(
            new AuditEntry
            {
                Id = PublicId.Create("evt", PublicId.NewUuid7(now)),
                At = now.ToUnixTimeMilliseconds(),
                Actor = AuditEntry.System,
                Action = "audit.purged",
                Reason = $"events {removed[0].Seq} to {last.Seq} are older than {kept.TotalDays} days",
                Count = removed.Count,
            }
        );
        return removed.Count;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Audit retention was skipped this minute: {Reason}")]
    private partial void LogSkipped(string reason);
}
