using Dapper;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Tails <c>changes</c> with a poll every 500 ms; NOTIFY only starts the next poll earlier. Commit order is sequence order
/// (<see cref="Dialect.CommitOrderLock"/>), so no change can appear before one that was read already.
/// </summary>
internal sealed partial class PostgresChangeFeed(
    PostgresDatabase database,
    ChangeHub hub,
    Freshness freshness,
    TimeProvider time,
    ILogger<PostgresChangeFeed> logger
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a notification waits for others, so that many commits a second need fewer polls.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(5);

    /// <summary>If a poll takes longer, the database counts as unreachable.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim hint = new(0, 1);
    private long last = -1;
    private bool wasFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await PollAsync(stoppingToken);
            try
            {
                await hint.WaitAsync(Interval, stoppingToken);
                await Task.Delay(Gathering, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await listening;
    }

    private async Task PollAsync(CancellationToken stopping)
    {
        try
        {
            var tail = TailAsync();
            try
            {
                await tail.WaitAsync(Patience, time, stopping);
            }
            catch (TimeoutException)
            {
                // The driver's own time-out would first ask a frozen server to cancel, and wait for its answer.
                await FailAsync(new StoreUnavailableException("The database did not answer in time"));
                await tail.WaitAsync(stopping);
            }

            if (wasFailing)
            {
                wasFailing = false;
                database.IsBack();
                LogRecovered();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A database that does not answer must not block this loop.
        }
        catch (Exception exception)
        {
            // Catches every exception: a feed that ends would stop the server, while a failed poll only makes facts stale, which is safe.
            await FailAsync(exception);
        }
    }

    private async Task FailAsync(Exception exception)
    {
        if (!wasFailing)
        {
            wasFailing = true;
            LogFailing(exception.InnerException?.Message ?? exception.Message);
        }

        if (exception is StoreUnavailableException)
        {
            await database.IsAwayAsync();
        }
    }

    private async Task TailAsync()
    {
        try
        {
            await ReadChangesAsync();
        }
        catch (StoreUnavailableException) when (!wasFailing)
        {
            await ReadChangesAsync(); // the connection was lost; a poll shows whether the database is too
        }
    }

    private async Task ReadChangesAsync()
    {
        var startedAt = time.GetTimestamp();
        await database.ReadFeedAsync(async connection =>
        {
            var (first, max) = await connection.QuerySingleAsync<(long, long)>(
                "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM changes"
            );
            if (last < 0)
            {
                hub.Reset(); // signing keys were read before the feed started
                last = max;
            }
            else if (max < last || first > last + 1)
            {
                hub.Reset(); // restored from a backup, or so far behind that changes were purged
                last = max;
            }
            else if (max > last)
            {
                var rows = await connection.QueryAsync<Row>(
                    "SELECT seq, kind, id FROM changes WHERE seq > @last ORDER BY seq",
                    new { last }
                );
                foreach (var row in rows)
                {
                    hub.Publish([new Change(row.Kind, row.Id)]);
                    last = row.Seq;
                }
            }

            hub.MoveTo(last);
            return 0;
        });
        freshness.PolledAt(startedAt);
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenFeedAsync(stopping);
                connection.Notification += (_, _) => Hint();
                await connection.ExecuteAsync("LISTEN tokenry_changes");
                while (true)
                {
                    await connection.WaitAsync(stopping);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (PostgresDatabase.Translate(exception) is StoreUnavailableException)
            {
                // The poll reports the outage; this loop only retries.
                await Task.Delay(Interval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Hint()
    {
        if (hint.CurrentCount == 0)
        {
            try
            {
                hint.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another notification came first.
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose(); // ends the loop that waits for the hint
        hint.Dispose();
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Error,
        Message = "The server cannot poll the database: {Reason}. It uses cached facts for 5 s. It answers 503 to all other requests until the database answers again."
    )]
    private partial void LogFailing(string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "The database answers again.")]
    private partial void LogRecovered();

    private sealed record Row
    {
        public long Seq { get; init; }

        public string Kind { get; init; } = "";

        public string Id { get; init; } = "";
    }
}
