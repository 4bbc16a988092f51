using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Loads a replaced key file and the active versions while the server runs, so that operators rotate keys without a restart on any replica.
/// </summary>
internal sealed partial class KeyRingFollower : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly KeyRing keys;
    private readonly Database database;
    private readonly TokenryOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<KeyRingFollower> logger;
    private int announced;
    private DateTime? seen;
    private string fault = "";

    public KeyRingFollower(
        KeyRing keys,
        Database database,
        ChangeHub hub,
        TokenryOptions options,
        TimeProvider time,
        ILogger<KeyRingFollower> logger
    )
    {
        (this.keys, this.database, this.options, this.time, this.logger) = (keys, database, options, time, logger);
        hub.Subscribe(ChangeKind.KeyRing, _ => Interlocked.Exchange(ref announced, 1), () => Interlocked.Exchange(ref announced, 1));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Repeat.EveryAsync(Interval, time, FollowAsync, stoppingToken);

    private async Task FollowAsync()
    {
        var written = File.GetLastWriteTimeUtc(options.Store.KeyFile);
        if (Interlocked.Exchange(ref announced, 0) == 0 && written == seen && fault.Length == 0)
        {
            return;
        }

        seen = written;
        try
        {
            await keys.RefreshAsync(database, options.Store.KeyFile);
            fault = "";
        }
        catch (Exception exception)
        {
            // The loaded keys still work. Log the fault once, and try again at every tick.
            if (fault != exception.Message)
            {
                LogNotRead(exception.Message);
            }

            fault = exception.Message;
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Error,
        Message = "The server could not load the key file and keeps the loaded keys: {Reason}"
    )]
    private partial void LogNotRead(string reason);
}
