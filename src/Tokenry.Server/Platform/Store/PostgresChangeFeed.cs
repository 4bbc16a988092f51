using Dapper;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Tails <c>changes</c>: a poll every 500 ms is the truth, NOTIFY only makes it come sooner. Commit order is sequence order
/// (<see cref="Dialect.CommitOrderLock"/>), so nothing can appear behind what has been read.
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

    /// <summary>How long a notification waits for others, so that many commits a second are not as many polls.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(5);

    /// <summary>A poll that takes longer finds the database away.</summary>
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
                // Not the driver's own time-out: that first asks a frozen server to cancel, and waits for its answer.
                await FailAsync(new StoreUnavailableException("No answer."));
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
            // A database that does not answer holds nobody up.
        }
        catch (Exception exception)
        {
            // Whatever it was: a feed that ended would end the server, and one that fails makes facts stale, which is safe.
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
            await ReadChangesAsync(); // the connection was lost; was the database?
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
                hub.Reset(); // signing keys were read before
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
                // The poll tells of the outage; here it is enough to try again.
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
                // Another notification was first.
            }
        }
    }

    public override void Dispose()
    {
        hint.Dispose();
        base.Dispose();
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Error,
        Message = "The database cannot be polled: {Reason}. Cached facts serve for 5 s; all else is answered 503 until it can."
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
