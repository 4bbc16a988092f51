using System.Collections.Concurrent;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Stores the time, address and user agent of the last use of each credential, the same of the secret that its last rotation replaced, and reports the use
/// of a dormant one.
/// </summary>
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

    // A late record of an earlier secret does not replace that of a later one.
    private static readonly RowStatement<KeyValuePair<string, PreviousUse>> UpsertPrevious = new RowStatement<
        KeyValuePair<string, PreviousUse>
    >(
        """
        INSERT INTO credential_usage (credential_id, last_used_at, ip, agent, previous_version, previous_used_at, previous_ip, previous_agent)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8)
        ON CONFLICT (credential_id) DO UPDATE SET previous_version = excluded.previous_version, previous_used_at = excluded.previous_used_at,
          previous_ip = excluded.previous_ip, previous_agent = excluded.previous_agent
          WHERE credential_usage.previous_version IS NULL OR credential_usage.previous_version < excluded.previous_version
            OR credential_usage.previous_version = excluded.previous_version AND credential_usage.previous_used_at <= excluded.previous_used_at
        """
    ).Text(pair => pair.Key).Number(pair => pair.Value.Use.At).Text(pair => pair.Value.Use.From.Address?.ToString()).Text(pair => pair.Value.Use.From.Agent).Number(pair => pair.Value.Version).Number(pair => pair.Value.Use.At).Text(pair => pair.Value.Use.From.Address?.ToString()).Text(pair => pair.Value.Use.From.Agent);

    /// <summary>Credentials known not to be dormant, so that a flush need not query them. Only the flush uses this set.</summary>
    private readonly HashSet<string> awake = new(StringComparer.Ordinal);

    private readonly Latest<LastUse> any = new();
    private readonly Latest<PreviousUse> previous = new();

    /// <param name="credentialId">The credential.</param>
    /// <param name="ownerId">Its owner.</param>
    /// <param name="supersededVersion">The version of the secret that proved it, if a rotation replaced that secret; <c>null</c> = it did not.</param>
    /// <param name="from">Where the use came from.</param>
    public void Record(string credentialId, string ownerId, long? supersededVersion, in UseCircumstances from)
    {
        var use = new LastUse(time.GetUtcNow().ToUnixTimeMilliseconds(), ownerId, from);
        any.Record(credentialId, use);
        if (supersededVersion is { } version)
        {
            previous.Record(credentialId, new PreviousUse(version, use));
        }
    }

    public async Task FlushAsync()
    {
        if (awake.Count > MostAwake)
        {
            awake.Clear();
        }

        await any.FlushAsync(WriteAsync);
        await previous.FlushAsync(WritePreviousAsync);
    }

    private Task WritePreviousAsync(IReadOnlyList<KeyValuePair<string, PreviousUse>> chunk) =>
        database.WriteAsync(async tx =>
        {
            await tx.ExecuteEachAsync(UpsertPrevious, chunk);
            return chunk.Count;
        });

    private async Task WriteAsync(IReadOnlyList<KeyValuePair<string, LastUse>> chunk)
    {
        var unknown = chunk.Where(pair => !awake.Contains(pair.Key)).Select(pair => pair.Key).ToArray();
        var asleep = await database.WriteAsync(tx => WriteAsync(tx, chunk, unknown));
        foreach (var (id, use) in chunk.Where(pair => asleep.Contains(pair.Key)))
        {
            signals.Raise(Signals.DormantAwake, id, use.OwnerId, use.From);
        }

        awake.UnionWith(unknown);
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

    private sealed record PreviousUse(long Version, LastUse Use);

    /// <summary>The last use of each credential since the last flush.</summary>
    private sealed class Latest<TUse>
    {
        private ConcurrentDictionary<string, TUse> pending = new(StringComparer.Ordinal);

        public void Record(string credentialId, TUse use)
        {
            ConcurrentDictionary<string, TUse> current;
            do
            {
                current = Volatile.Read(ref pending);
                current[credentialId] = use;
            } while (!ReferenceEquals(current, Volatile.Read(ref pending))); // otherwise the dictionary may have been drained without this use
        }

        /// <summary>Writes the uses in chunks. Those that were not written wait for the next flush.</summary>
        public async Task FlushAsync(Func<IReadOnlyList<KeyValuePair<string, TUse>>, Task> write)
        {
            if (pending.IsEmpty)
            {
                return;
            }

            var written = 0;
            // One order on all replicas, so that upserts of the same rows cannot deadlock.
            var ordered = Interlocked
                .Exchange(ref pending, new(StringComparer.Ordinal))
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .ToList();
            try
            {
                foreach (var chunk in ordered.Chunk(Step))
                {
                    await write(chunk);
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
    }
}
