using System.Collections.Concurrent;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>Stores the time, address and user agent of the last use of each credential, and reports the use of a dormant one.</summary>
public sealed class LastUsed(Database database, Signals signals, TimeProvider time) : IUsageSink
{
    private const int Step = 1000;
    private const int MostAwake = 100_000;

    /// <summary>A credential is dormant if it was not used for this time.</summary>
    private static readonly TimeSpan Dormant = TimeSpan.FromDays(90);

    // A use without an address keeps the known address.
    private static readonly RowStatement<KeyValuePair<string, LastUse>> Upsert = new RowStatement<KeyValuePair<string, LastUse>>(
        """
        INSERT INTO credential_usage (credential_id, last_used_at, ip, agent) VALUES (@1, @2, @3, @4)
        ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at,
          ip = coalesce(excluded.ip, credential_usage.ip), agent = coalesce(excluded.agent, credential_usage.agent)
          WHERE excluded.last_used_at >= credential_usage.last_used_at
        """
    ).Text(pair => pair.Key).Number(pair => pair.Value.At).Text(pair => pair.Value.From.Address?.ToString()).Text(pair => pair.Value.From.Agent);

    /// <summary>Credentials known not to be dormant, so that a flush need not query them. Only the flush uses this set.</summary>
    private readonly HashSet<string> awake = new(StringComparer.Ordinal);

    private ConcurrentDictionary<string, LastUse> pending = new(StringComparer.Ordinal);

    public void Record(string credentialId, string ownerId, in UseCircumstances from)
    {
        var use = new LastUse(time.GetUtcNow().ToUnixTimeMilliseconds(), ownerId, from);
        ConcurrentDictionary<string, LastUse> current;
        do
        {
            current = Volatile.Read(ref pending);
            current[credentialId] = use;
        } while (!ReferenceEquals(current, Volatile.Read(ref pending))); // otherwise the dictionary may have been drained without this use
    }

    public async Task FlushAsync()
    {
        if (pending.IsEmpty)
        {
            return;
        }

        if (awake.Count > MostAwake)
        {
            awake.Clear();
        }

        var uses = Interlocked.Exchange(ref pending, new(StringComparer.Ordinal));
        var written = 0;
        // One order on all replicas, so that upserts of the same rows cannot deadlock.
        var ordered = uses.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        try
        {
            foreach (var chunk in ordered.Chunk(Step))
            {
                var unknown = chunk.Where(pair => !awake.Contains(pair.Key)).Select(pair => pair.Key).ToArray();
                foreach (var id in await database.WriteAsync(tx => WriteAsync(tx, chunk, unknown)))
                {
                    signals.Raise(Signals.DormantAwake, id, uses[id].OwnerId, uses[id].From);
                }

                awake.UnionWith(unknown);
                written += chunk.Length;
            }
        }
        finally
        {
            foreach (var (id, use) in ordered.Skip(written))
            {
                pending.TryAdd(id, use); // keep a newer use if one arrived meanwhile
            }
        }
    }

    /// <returns>The ids of the credentials that were dormant.</returns>
    private async Task<IReadOnlyList<string>> WriteAsync(
        WriteTransaction tx,
        IReadOnlyList<KeyValuePair<string, LastUse>> chunk,
        IReadOnlyList<string> unknown
    )
    {
        var before = (time.GetUtcNow() - Dormant).ToUnixTimeMilliseconds();
        var asleep =
            unknown.Count == 0
                ? []
                : await tx.QueryAsync<string>(
                    "SELECT credential_id FROM credential_usage "
                        + $"WHERE {tx.Dialect.In("credential_id", "@unknown")} AND last_used_at < @before",
                    new { unknown, before }
                );
        await tx.ExecuteEachAsync(Upsert, chunk);
        return asleep;
    }

    private sealed record LastUse(long At, string OwnerId, UseCircumstances From);
}
