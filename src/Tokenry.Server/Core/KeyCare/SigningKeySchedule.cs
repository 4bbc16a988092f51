using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Moves keys on when their time has come: publishes the next one, makes it sign, takes retired ones away. What is due is known from the keys
/// that are held, so that the store is asked only when something is; of several replicas that find the same, one does it.
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
                // Whatever it was: keys that stay as they are go on working, and a service that ended would end the server.
                LogFailed(exception.Message);
                await Task.Delay(AfterFailure, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Does everything that is due now.</summary>
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
                return false; // another replica was first, or it was tainted
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
        Message = "Signing key {KeyId} ({Algorithm}) is published and will be the next to sign."
    )]
    private partial void LogPublished(string keyId, string algorithm);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Signing key {KeyId} ({Algorithm}) signs from now on.")]
    private partial void LogActivated(string keyId, string algorithm);

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Information,
        Message = "Signing key {KeyId} was removed: no token of it can live any more."
    )]
    private partial void LogRemoved(string keyId);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "Signing keys were not moved on: {Reason}")]
    private partial void LogFailed(string reason);
}
