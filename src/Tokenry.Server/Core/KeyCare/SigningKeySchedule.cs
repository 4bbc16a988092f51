using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Changes the state of signing keys on schedule: publishes the next key, activates it, removes retired keys. The held keys show what is due,
/// so the store is queried only then. If several replicas find the same, one of them does it.
/// </summary>
internal sealed partial class SigningKeySchedule(
    SigningKeyRing signingKeys,
    SigningKeyMoves moves,
    Database database,
    SystemGate gate,
    TokenryOptions options,
    TimeProvider time,
    ILogger<SigningKeySchedule> logger
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await signingKeys.WaitForChangeAsync(Interval, stoppingToken);
            try
            {
                await signingKeys.CatchUpAsync();
                await RunOnceAsync();
            }
            catch (Exception exception)
            {
                // Any failure: the current keys still work, and a background service that ends stops the server.
                LogFailed(exception.Message);
                await Task.Delay(AfterFailure, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Does all changes that are due now.</summary>
    internal async Task RunOnceAsync()
    {
        var now = time.GetUtcNow();
        var at = now.ToUnixTimeMilliseconds();
        var rows = signingKeys.Held.Select(held => held.Row).ToList();
        foreach (var active in rows.Where(row => row.IsActive))
        {
            var next = rows.Find(row => row.IsNext && row.Algorithm == active.Algorithm);
            if (next is null)
            {
                await PublishIfDueAsync(active, now);
            }
            else if (next.ActivatesAt <= at)
            {
                await ActivateAsync(next);
            }
        }

        foreach (var retired in rows.Where(row => row.RemovesAt <= at))
        {
            if (await database.WriteAsync(tx => moves.RemoveAsync(tx, retired.KeyId, gate.Entry)))
            {
                LogRemoved(retired.KeyId);
            }
        }
    }

    private async Task PublishIfDueAsync(SigningKeyRow active, DateTimeOffset now)
    {
        if (
            options.SigningKeys.RotateEvery is not { } every
            || DateTimeOffset.FromUnixTimeMilliseconds(active.ActivatedAt ?? active.CreatedAt) + every is var due
                && due - options.SigningKeys.PublishAhead > now
        )
        {
            return;
        }

        var made = await signingKeys.MakeAsync(active.Algorithm);
        var isPublished = await database.WriteAsync(async tx =>
        {
            var current = await SigningKeyStore.LockAsync(tx, active.Algorithm);
            return current.Active?.KeyId == active.KeyId && current.Next is null && await moves.PublishAsync(tx, made, due, gate.Entry);
        });
        if (isPublished)
        {
            LogPublished(made.KeyId, made.Algorithm);
        }
    }

    private async Task ActivateAsync(SigningKeyRow next)
    {
        var isActivated = await database.WriteAsync(async tx =>
        {
            var current = await SigningKeyStore.LockAsync(tx, next.Algorithm);
            if (current.Next?.KeyId != next.KeyId)
            {
                return false; // another replica did it, or the key was tainted
            }

            await moves.ActivateAsync(tx, current.Active?.KeyId, next.KeyId, gate.Entry);
            return true;
        });
        if (isActivated)
        {
            LogActivated(next.KeyId, next.Algorithm);
        }
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Information,
        Message = "Signing key {KeyId} ({Algorithm}) is published and becomes active next."
    )]
    private partial void LogPublished(string keyId, string algorithm);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Signing key {KeyId} ({Algorithm}) is now active.")]
    private partial void LogActivated(string keyId, string algorithm);

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Information,
        Message = "Signing key {KeyId} was removed, because all its tokens have expired."
    )]
    private partial void LogRemoved(string keyId);

    [LoggerMessage(
        EventId = 4,
        Level = LogLevel.Warning,
        Message = "The server could not change the state of signing keys and tries again: {Reason}"
    )]
    private partial void LogFailed(string reason);
}
