using System.Collections.Concurrent;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>
/// When, from where and by what each credential was last used. Aggregated in memory and flushed every second: nothing on a hot path awaits a
/// write, and a killed process loses at most one second of it.
/// </summary>
public sealed partial class LastUsed(Database database, TimeProvider time, ILogger<LastUsed> logger) : BackgroundService
{
    private const int Step = 500;

    private ConcurrentDictionary<string, Use> pending = new(StringComparer.Ordinal);

    public void Record(string credentialId, string? ip, string? agent) =>
        pending[credentialId] = new Use(time.GetUtcNow().ToUnixTimeMilliseconds(), ip, agent);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping: StopAsync flushes what is left.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync();
    }

    private async Task FlushAsync()
    {
        if (pending.IsEmpty)
        {
            return;
        }

        var uses = Interlocked.Exchange(ref pending, new(StringComparer.Ordinal));
        try
        {
            foreach (var chunk in uses.Chunk(Step))
            {
                await database.WriteAsync(tx => WriteAsync(tx, chunk));
            }
        }
        catch (StoreUnavailableException exception)
        {
            LogKept(exception.Message);
            foreach (var (id, use) in uses)
            {
                pending.TryAdd(id, use); // a later use is the newer one
            }
        }
    }

    private static async Task<int> WriteAsync(WriteTransaction tx, KeyValuePair<string, Use>[] chunk)
    {
        // In one order everywhere, so that two replicas' upserts of the same rows cannot deadlock.
        foreach (var (id, use) in chunk.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            await tx.ExecuteAsync(
                """
                INSERT INTO credential_usage (credential_id, last_used_at, ip, agent) VALUES (@id, @At, @Ip, @Agent)
                ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at, ip = excluded.ip, agent = excluded.agent
                  WHERE excluded.last_used_at >= credential_usage.last_used_at
                """,
                new
                {
                    id,
                    use.At,
                    use.Ip,
                    use.Agent,
                }
            );
        }

        return chunk.Length;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Usage could not be written and is kept: {Reason}")]
    private partial void LogKept(string reason);

    private sealed record Use(long At, string? Ip, string? Agent);
}
