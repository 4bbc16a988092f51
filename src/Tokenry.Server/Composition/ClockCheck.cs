using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition;

/// <summary>
/// Warns if the clock is behind the newest audit event: the clock was wrong then, or it is wrong now. The server still starts, because a
/// stopped server does not help to correct the clock. A credential that is expired or revoked stays so.
/// </summary>
internal static partial class ClockCheck
{
    /// <summary>The allowed clock difference between replicas.</summary>
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
            // The store became unavailable; requests will report it.
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "The clock shows {Now:O}, but the newest audit event is of {Last:O}. The clock is behind by {Behind}, or it was ahead then. Set the "
            + "clock of this machine; credentials and tokens expire by it."
    )]
    private static partial void LogBehind(ILogger logger, DateTimeOffset now, DateTimeOffset last, TimeSpan behind);
}
