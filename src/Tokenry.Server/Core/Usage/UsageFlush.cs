using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>Writes every <see cref="IUsageSink"/> once a second, and a last time in the registered order when the server stops.</summary>
public sealed partial class UsageFlush(IEnumerable<IUsageSink> sinks, TimeProvider time, ILogger<UsageFlush> logger) : BackgroundService
{
    /// <summary>Each sink has its own timer, so that a slow sink does not delay the others.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(sinks.Select(sink => Repeat.EveryAsync(TimeSpan.FromSeconds(1), time, () => FlushAsync(sink), stoppingToken)));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        foreach (var sink in sinks)
        {
            await FlushAsync(sink);
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
            // A fault in one sink must stop neither the other sinks nor the server.
            LogFault(exception, sink.GetType().Name);
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "Usage records could not be written; the server keeps them and tries again: {Reason}"
    )]
    private partial void LogKept(string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Sink} failed to write its records.")]
    private partial void LogFault(Exception exception, string sink);
}
