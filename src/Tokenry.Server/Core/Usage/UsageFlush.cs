using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>Writes every <see cref="IUsageSink"/> once a second, and a last time, in the order given, when the server stops.</summary>
public sealed partial class UsageFlush(IEnumerable<IUsageSink> sinks, TimeProvider time, ILogger<UsageFlush> logger) : BackgroundService
{
    /// <summary>Each by its own clock: one that has much to write holds up no other.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sinks.Select(sink => RunAsync(sink, stoppingToken)));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var sink in sinks)
        {
            await FlushAsync(sink);
        }
    }

    private async Task RunAsync(IUsageSink sink, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync(sink);
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping: StopAsync flushes what is left.
        }
    }

    private async Task FlushAsync(IUsageSink sink)
    {
        try
        {
            await sink.FlushAsync();
        }
        catch (StoreUnavailableException exception)
        {
            LogKept(exception.Message);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A fault in one record must end neither the others nor the server.
            LogFault(exception, sink.GetType().Name);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Usage could not be written and is kept: {Reason}")]
    private partial void LogKept(string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Sink} failed to write.")]
    private partial void LogFault(Exception exception, string sink);
}
