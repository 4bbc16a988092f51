namespace Tokenry.Server.Composition;

/// <summary>Logs: for people on a terminal, one JSON object a line elsewhere. No request line is logged by default: it could hold a secret.</summary>
public static class Logs
{
    /// <summary>Levels where configuration says nothing.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> DefaultLevels { get; } =
    [
        new("Logging:LogLevel:Microsoft", nameof(LogLevel.Warning)),
        // On a terminal the announcement says it better.
        new(
            "Logging:LogLevel:Microsoft.Hosting.Lifetime",
            Console.IsOutputRedirected ? nameof(LogLevel.Information) : nameof(LogLevel.Warning)
        ),
    ];

    public static void Configure(ILoggingBuilder logging)
    {
        // In code, so that no configuration turns them on: these write the request's URL, where careless clients put secrets. The first has
        // nothing else to say, and if it could, every request would get an Activity for it.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning);
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
