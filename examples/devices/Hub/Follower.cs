namespace Hub;

/// <summary>Keeps the hub up to date with Tokenry, every second, while Tokenry is there.</summary>
internal sealed class Follower(IssuerKeys keys, SeenTokens seen, TimeProvider time, ILogger<Follower> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isAway = false;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await keys.RefreshAsync(stoppingToken);
                await seen.AskAsync(stoppingToken);
                if (isAway)
                {
                    Words.Back(log);
                }

                isAway = false;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !stoppingToken.IsCancellationRequested)
            {
                if (!isAway)
                {
                    Words.Away(log, e.Message);
                }

                isAway = true;
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
