namespace Tokenry.Server.Platform.Store;

/// <summary>Runs the rules that limit the growth of tables: once a minute, in steps of a thousand rows so that writers do not wait.</summary>
internal sealed partial class Purge(Database database, IEnumerable<PurgeRule> rules, TimeProvider time, ILogger<Purge> logger)
    : BackgroundService
{
    private const int Step = 1000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeat.EveryAsync(TimeSpan.FromMinutes(1), time, Repeat.UnlessStoreIsAway(RunOnceAsync, LogSkipped), stoppingToken);

    /// <summary>Purges everything that is due now.</summary>
    internal async Task<int> RunOnceAsync()
    {
        var total = 0;
        foreach (var (sql, kept) in rules)
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

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Purging was skipped this minute: {Reason}")]
    private partial void LogSkipped(string reason);
}
