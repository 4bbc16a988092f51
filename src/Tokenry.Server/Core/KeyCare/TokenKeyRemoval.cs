using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Destroys unused keys on the PKCS#11 token: removed and tainted keys, by any replica, and keys that this process created but did not store.
/// It retries while the token is unavailable, and touches no other object on the token.
/// </summary>
internal sealed partial class TokenKeyRemoval(
    SigningKeyRing signingKeys,
    Database database,
    Pkcs11Token token,
    TimeProvider time,
    ILogger<TokenKeyRemoval> logger
) : BackgroundService
{
    /// <summary>Longer than any transaction that stores a new key.</summary>
    private static readonly TimeSpan Unclaimed = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryRunAsync(unclaimedFor: TimeSpan.Zero); // no request is running any more
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

            // Wait after a change too, so that one run handles several steps of a rotation.
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
            // Any failure: a background service that ends stops the server.
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

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "The server destroyed signing key {KeyId} on the PKCS#11 token.")]
    private partial void LogDestroyed(string keyId);

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Warning,
        Message = "The server could not destroy ended signing keys on the PKCS#11 token and tries again: {Reason}"
    )]
    private partial void LogFailed(string reason);
}
