namespace Tokenry.Server.Composition;

/// <summary>
/// Configures logs: readable text on a terminal, else one JSON object per line. By default the server logs no request lines: they could hold a secret.
/// </summary>
public static class Logs
{
    /// <summary>Log levels for categories that the configuration does not set.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> DefaultLevels { get; } =
    [
        new("Logging:LogLevel:Microsoft", nameof(LogLevel.Warning)),
        // On a terminal the announcement is clearer.
        new(
            "Logging:LogLevel:Microsoft.Hosting.Lifetime",
            Console.IsOutputRedirected ? nameof(LogLevel.Information) : nameof(LogLevel.Warning)
        ),
    ];

    public static void Configure(ILoggingBuilder logging)
    {
        // Set in code, so that no configuration enables them: these categories log the request's URL, where careless clients put secrets. The first
        // category logs nothing else, and if it were enabled, every request would get an Activity for it.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning);
        // It logs each token that does not fit, so that a stranger could fill the log, and each page that is not to be cached anyway.
        logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Critical);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Warning && !ListeningServer.HasFailed);
        if (Console.IsOutputRedirected)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                console.IncludeScopes = false;
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        }
    }
}
