using System.Collections.Concurrent;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Records decisions and issued tokens one by one, at the level that each API sets. A flood of unknown strings or refusals must not fill the
/// disk, so the log keeps a limited number of entries each second. The counters and the audit log count all of them.
/// </summary>
public sealed partial class AccessLog(Database database, Brands brands, TimeProvider time, ILogger<AccessLog> logger) : IUsageSink
{
    private const int Step = 500;
    private const int LongestText = 500;
    private const int MostPending = 20_000;
    private const int MostUnknownPerFlush = 100;
    private const int MostDenialsPerFlush = 1000;

    private readonly FlushQueue<AccessRow> queue = new(database, time, logger, Step);
    private readonly ConcurrentQueue<AccessRow> pending = new();
    private int waiting;
    private int unknown;
    private int denials;
    private long dropped;

    public void Record(in Use use)
    {
        if (!IsWanted(use))
        {
            return;
        }

        if (
            use.Credential.Kind is null && Interlocked.Increment(ref unknown) > MostUnknownPerFlush
            || !use.IsGood && Interlocked.Increment(ref denials) > MostDenialsPerFlush
        )
        {
            Interlocked.Increment(ref dropped);
            return;
        }

        if (Interlocked.Increment(ref waiting) > MostPending)
        {
            Interlocked.Decrement(ref waiting);
            Interlocked.Increment(ref dropped);
            return;
        }

        pending.Enqueue(Row(use));
    }

    public async Task FlushAsync()
    {
        Volatile.Write(ref unknown, 0);
        Volatile.Write(ref denials, 0);
        if (Interlocked.Exchange(ref dropped, 0) is > 0 and var lost)
        {
            LogDropped(lost);
        }

        // Only the entries that wait now: others arrive meanwhile, and a flush must end.
        var left = Volatile.Read(ref waiting);
        while (queue.HasWaiting || left > 0)
        {
            await queue.RunAsync(Take, AccessStore.InsertAsync, (rows, _) => Interlocked.Add(ref waiting, -rows.Count));
            left -= Step;
        }
    }

    private List<AccessRow> Take()
    {
        var rows = new List<AccessRow>(Step);
        while (rows.Count < Step && pending.TryDequeue(out var row))
        {
            rows.Add(row);
        }

        return rows;
    }

    private static bool IsWanted(in Use use) =>
        use.Api?.AccessLog switch
        {
            AccessLogLevel.None => false,
            AccessLogLevel.All => true,
            _ => !use.IsGood,
        };

    private AccessRow Row(in Use use)
    {
        var now = time.GetUtcNow();
        return new AccessRow
        {
            Id = PublicId.Create("acc", PublicId.NewUuid7(now)),
            At = now.ToUnixTimeMilliseconds(),
            Door = use.Door,
            CredentialId = use.Credential.CredentialId,
            Kind = use.Credential.Kind,
            Subject = use.Credential.OwnerId,
            Api = use.Api?.Identifier,
            Scope = Text(use.Scopes?.ToString()),
            Object = Text(use.Object),
            Method = Text(use.Method),
            Path = Text(use.Path),
            Result = use.Result.Name,
            Ip = use.From.Address?.ToString(),
            Agent = use.From.Agent,
            RequestId = use.From.RequestId,
            TokenId = use.TokenId,
            Actor = use.Actor,
            GrantType = use.GrantType,
            AuthMethod = use.AuthMethod,
            BoundBy = use.BoundBy,
        };
    }

    /// <summary>Text of a caller: cut to a length, with every string redacted that could be a credential.</summary>
    private string? Text(string? words)
    {
        if (words is null)
        {
            return null;
        }

        var text = brands.Redact(words);
        if (
            text.Contains('%', StringComparison.Ordinal)
            && Uri.UnescapeDataString(text) is var decoded
            && brands.Redact(decoded) is var masked
            && masked != decoded
        )
        {
            text = Validation.IsClean(masked) ? masked : "***";
        }

        return Validation.Cut(text, LongestText);
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "The access log omitted {Count} entries, because it keeps a limited number each second. Usage counters and the audit log count them."
    )]
    private partial void LogDropped(long count);
}
