using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Destroys on the token what has no further use: keys that were removed or tainted, by whichever replica comes first, and keys that this
/// process made and that were not stored. Tried again for as long as the token is away; nothing else on the token is touched.
/// </summary>
internal sealed partial class TokenKeyRemoval(
    SigningKeyRing signingKeys,
    Database database,
    Pkcs11Token token,
    TimeProvider time,
    ILogger<TokenKeyRemoval> logger
) : BackgroundService
{
    /// <summary>Longer than any transaction in which a key that was made is stored.</summary>
    private static readonly TimeSpan Unclaimed = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryRunAsync(unclaimedFor: TimeSpan.Zero); // requests have ended
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var isDone = await TryRunAsync(Unclaimed);
            if (isDone)
            {
                await signingKeys.WaitForChangeAsync(Interval, stoppingToken);
            }

            // After a change too: several steps of one rotation are looked at once.
            await Task.Delay(isDone ? TimeSpan.FromMilliseconds(200) : AfterFailure, time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryRunAsync(TimeSpan unclaimedFor)
    {
        try
        {
            await RunOnceAsync(unclaimedFor);
            return true;
        }
        catch (Exception exception)
        {
            // Whatever it was: a service that ended would end the server.
            LogFailed(exception.Message);
            return false;
        }
    }

    private async Task RunOnceAsync(TimeSpan unclaimedFor)
    {
        foreach (var keyId in await database.ReadAsync(SigningKeyStore.ListEndedOnTokenAsync))
        {
            token.Destroy(keyId);
            await database.WriteAsync(tx => SigningKeyStore.LeaveTokenAsync(tx, keyId));
            LogDestroyed(keyId);
        }

        var before = time.GetUtcNow() - unclaimedFor;
        foreach (var (keyId, _) in signingKeys.MadeOnToken.Where(made => made.Value <= before))
        {
            if (!await database.ReadAsync(connection => SigningKeyStore.ExistsAsync(connection, keyId)))
            {
                token.Destroy(keyId);
            }

            signingKeys.MadeOnToken.TryRemove(keyId, out _);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Signing key {KeyId} was destroyed on the PKCS#11 token.")]
    private partial void LogDestroyed(string keyId);

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Warning,
        Message = "Ended signing keys were not destroyed on the PKCS#11 token yet: {Reason}"
    )]
    private partial void LogFailed(string reason);
}
