using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>
/// Signs the newest event of the trail within seconds and keeps the result outside the database. Compares the store with it at start and while the server
/// runs. Reports a trail that lacks an event it once had.
/// </summary>
public sealed partial class AuditHeadKeeper(
    Database database,
    AuditChain chain,
    AuditHeadFile file,
    HeadSigner signer,
    ServerMetrics metrics,
    TimeProvider time,
    ILogger<AuditHeadKeeper> logger
) : BackgroundService
{
    /// <summary>The keeper reports faults every second and signs a head every fifth second: at most six seconds after its event.</summary>
    private const int TicksBetweenHeads = 5;

    /// <summary>The audit event for a head on disk that belongs to another store: the database was exchanged, or moved to another engine.</summary>
    private const string ReplacedAction = "store.replaced";

    private readonly Queue<AuditEntry> untold = new();
    private readonly SemaphoreSlim alone = new(1, 1);
    private volatile AuditHead? current;
    private volatile ChainFault? lastFault;
    private string? unwritten;
    private string? said;

    /// <summary>The latest fault since this process started; <c>null</c> = the keeper found none.</summary>
    public ChainFault? LastFault => lastFault;

    /// <summary>Compares the store with the head on disk. Must run before this process appends an event.</summary>
    public async Task OpenAsync()
    {
        var heads = file.Read();
        if (heads.Fault is { } unreadable)
        {
            LogUnreadable(unreadable);
        }
        else if (heads is { Own: null, Other: { } other })
        {
            var words = $"The audit head {file.Path} is of another store, {other.Store}, at event {other.Seq} ({Time(other):u})";
            LogReplaced(words);
            untold.Enqueue(Entry(ReplacedAction, words));
        }

        var known = heads.Own;
        var (found, same) = await LookAsync(known?.Seq);
        chain.Committed(known ?? found);
        if (known is not null && IsFault(known, found, same))
        {
            chain.Noticed(new ChainFault(known, found));
        }

        chain.Committed(found);
        await TellAsync();
    }

    /// <summary>Signs the newest event now and writes the head, so that the next comparison uses a current head.</summary>
    /// <exception cref="StoreUnavailableException">The store or the signing key's token does not serve now.</exception>
    public Task RenewAsync() => AloneAsync(KeepAsync);

    /// <summary>The newest signed head.</summary>
    /// <exception cref="StoreUnavailableException">There is none yet, and the store or the signing key's token does not serve now.</exception>
    public async Task<AuditHead> CurrentAsync()
    {
        if (current is null)
        {
            await AloneAsync(KeepAsync);
        }

        return current ?? throw new StoreUnavailableException("There is no audit event yet.");
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(KeepAsync);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tick = 0;
        return Repeat.EveryAsync(
            TimeSpan.FromSeconds(1),
            time,
            () => TryAsync(tick++ % TicksBetweenHeads == 0 ? KeepAsync : TellAsync),
            stoppingToken
        );
    }

    private async Task TryAsync(Func<Task> run)
    {
        try
        {
            await AloneAsync(run);
        }
        catch (StoreUnavailableException exception)
        {
            LogSkipped(exception.Message);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // An exception that leaves a background service ends the server.
            LogFailed(exception);
        }
    }

    private async Task AloneAsync(Func<Task> run)
    {
        await alone.WaitAsync();
        try
        {
            await run();
        }
        finally
        {
            alone.Release();
        }
    }

    /// <summary>Checks the trail, reports faults, and signs the newest event if it is not signed yet.</summary>
    private async Task KeepAsync()
    {
        var known = chain.Newest; // read before the check, whose result then cannot be older
        var (found, same) = await LookAsync(known?.Seq);
        if (known is not null && IsFault(known, found, same))
        {
            chain.Noticed(new ChainFault(known, found));
        }

        chain.Committed(found);
        if (await TellAsync())
        {
            (found, _) = await LookAsync(null);
        }

        if (found is not null && (current?.Seq != found.Seq || current.Hash != Convert.ToHexStringLower(found.Hash)))
        {
            var head = found with { At = time.GetUtcNow().ToUnixTimeMilliseconds() };
            current = signer.Sign(head);
            unwritten = current.Jws;
        }

        Write();
    }

    private void Write()
    {
        if (unwritten is not { } jws)
        {
            return;
        }

        try
        {
            file.Write(jws);
            (unwritten, said) = (null, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Report the fault once, not every five seconds.
            if (said != exception.GetType().Name)
            {
                said = exception.GetType().Name;
                LogNotWritten(file.Path, exception.Message);
            }
        }
    }

    /// <summary>The newest event, and the one at that position.</summary>
    private Task<(ChainHead? Newest, ChainHead? AtSeq)> LookAsync(long? seq) =>
        database.ReadAsync(async connection =>
            (
                await connection.QueryFirstOrDefaultAsync<ChainHead>(AuditChain.SelectHead),
                seq is null
                    ? null
                    : await connection.QueryFirstOrDefaultAsync<ChainHead>(
                        "SELECT seq, hash, at FROM audit_events WHERE seq = @seq",
                        new { seq }
                    )
            )
        );

    /// <summary>If retention removed the event since, there is nothing to compare.</summary>
    private static bool IsFault(ChainHead known, ChainHead? found, ChainHead? same) =>
        known.Seq > 0 && (same is null ? (found?.Seq ?? 0) < known.Seq : !same.IsAs(known));

    /// <summary>Writes the fault to log, metric and trail. If the store is unavailable, the keeper tries again.</summary>
    /// <returns>Whether an event was appended.</returns>
    private async Task<bool> TellAsync()
    {
        while (chain.TryTakeFault(out var fault))
        {
            lastFault = fault;
            metrics.AuditFault(fault);
            LogFault(fault.Action, fault);
            untold.Enqueue(Entry(fault));
        }

        var told = false;
        while (untold.TryPeek(out var entry))
        {
            try
            {
                await database.WriteAsync(tx =>
                {
                    tx.Record(entry);
                    return Task.FromResult(true);
                });
            }
            catch (StoreUnavailableException)
            {
                return told;
            }

            untold.Dequeue();
            told = true;
        }

        return told;
    }

    private AuditEntry Entry(ChainFault fault) =>
        Entry(
            fault.Action,
            fault.ToString(),
            AuditChanges.Of("seq", fault.Known.Seq, fault.Found?.Seq),
            AuditChanges.Of("hash", Hash(fault.Known), Hash(fault.Found)),
            AuditChanges.Of("at", Time(fault.Known), Time(fault.Found))
        );

    private AuditEntry Entry(string action, string reason, params AuditChange[] changes)
    {
        var now = time.GetUtcNow();
        return new AuditEntry
        {
            Id = PublicId.Create("evt", PublicId.NewUuid7(now)),
            At = now.ToUnixTimeMilliseconds(),
            Actor = AuditEntry.System,
            Action = action,
            Result = AuditEntry.Signal,
            Reason = reason,
            Changes = changes.Length == 0 ? null : changes,
        };
    }

    private static string? Hash(ChainHead? head) => head is null ? null : Convert.ToHexStringLower(head.Hash);

    private static DateTimeOffset? Time(ChainHead? head) => head is null ? null : DateTimeOffset.FromUnixTimeMilliseconds(head.At);

    [LoggerMessage(EventId = 1, Level = LogLevel.Critical, Message = "{Action}: {Fault}. See docs/guides/restore.md.")]
    private partial void LogFault(string action, ChainFault fault);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Fault} Whether events are missing since cannot be told.")]
    private partial void LogUnreadable(string fault);

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Error,
        Message = "The audit head {Path} cannot be written: {Reason}. Set Tokenry:AuditHeadFile to a path that this user may write."
    )]
    private partial void LogNotWritten(string path, string reason);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The audit head is not renewed now: {Reason}")]
    private partial void LogSkipped(string reason);

    [LoggerMessage(
        EventId = 6,
        Level = LogLevel.Warning,
        Message = "store.replaced: {Words}. This store has no head there yet. If you did not change the database, see docs/guides/restore.md."
    )]
    private partial void LogReplaced(string words);

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "The audit head could not be renewed.")]
    private partial void LogFailed(Exception exception);
}
