using System.Collections.Concurrent;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>Stores when and from where a session was last used, at most once a minute for each.</summary>
public sealed class SessionUse(Database database, TimeProvider time) : IUsageSink
{
    private const long Often = 60_000;

    private static readonly RowStatement<KeyValuePair<string, Seen>> Update = new RowStatement<KeyValuePair<string, Seen>>(
        "UPDATE sessions SET last_seen_at = @2, ip = @3, agent = @4 WHERE id = @1 AND last_seen_at < @2"
    )
        .Text(pair => pair.Key)
        .Number(pair => pair.Value.At)
        .Text(pair => pair.Value.Ip)
        .Text(pair => pair.Value.Agent);

    private ConcurrentDictionary<string, Seen> pending = new(StringComparer.Ordinal);

    /// <summary>Notes a use, so that the session does not end for want of one.</summary>
    public void Note(SessionFacts session, RequestFacts request)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (now - session.LastSeenAt < Often)
        {
            return;
        }

        session.LastSeenAt = now;
        pending[session.Id] = new Seen(now, request.Ip, request.Agent);
    }

    public async Task FlushAsync()
    {
        if (pending.IsEmpty)
        {
            return;
        }

        var seen = Interlocked.Exchange(ref pending, new(StringComparer.Ordinal)).ToList();
        var written = 0;
        try
        {
            // One row in a transaction: a mutation that ends several sessions locks them in an order of its own.
            foreach (var one in seen)
            {
                await database.WriteAloneAsync(Update, one, static (_, _) => { });
                written++;
            }
        }
        finally
        {
            foreach (var (id, use) in seen.Skip(written))
            {
                pending.TryAdd(id, use); // keep a newer use if one arrived meanwhile
            }
        }
    }

    private sealed record Seen(long At, string? Ip, string? Agent);
}
