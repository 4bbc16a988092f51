using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition;

/// <summary>
/// A clock that is behind the newest audit entry was wrong then or is wrong now. The server starts all the same: nobody can mend the clock by a
/// server that does not run, and what has ended by any clock stays ended.
/// </summary>
internal static partial class ClockCheck
{
    /// <summary>By how much the clocks of replicas may differ.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(10);

    public static async Task WarnAsync(IServiceProvider services)
    {
        try
        {
            var newest = await services
                .GetRequiredService<Database>()
                .ReadAsync(connection =>
                    connection.QueryFirstOrDefaultAsync<long?>("SELECT at FROM audit_events ORDER BY seq DESC LIMIT 1")
                );
            var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
            if (newest is { } at && DateTimeOffset.FromUnixTimeMilliseconds(at) is var last && last - now > Tolerance)
            {
                var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Tokenry.Server");
                LogBehind(logger, now, last, last - now);
            }
        }
        catch (StoreUnavailableException)
        {
            // The store was there a moment ago; requests will say it.
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "The clock says {Now:O}, and the newest audit entry is of {Last:O}: the clock is behind by {Behind}, or was ahead then. Set the "
            + "clock of this machine; credentials and tokens end by it."
    )]
    private static partial void LogBehind(ILogger logger, DateTimeOffset now, DateTimeOffset last, TimeSpan behind);
}
