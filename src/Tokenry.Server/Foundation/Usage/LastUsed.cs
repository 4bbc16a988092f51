using System.Collections.Concurrent;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>When, from where and by what each credential was last used, and whether it was asleep before.</summary>
public sealed class LastUsed(Database database, Signals signals, TimeProvider time) : IUsageSink
{
    private const int Step = 500;
    private const int MostAwake = 100_000;

    /// <summary>Unused for so long, a credential is dormant.</summary>
    private static readonly TimeSpan Dormant = TimeSpan.FromDays(90);

    /// <summary>Known not to be dormant, so that their flush need not look.</summary>
    private readonly HashSet<string> awake = new(StringComparer.Ordinal);

    private ConcurrentDictionary<string, LastUse> pending = new(StringComparer.Ordinal);

    public void Record(Authenticated credential, in UseCircumstances from) =>
        pending[credential.CredentialId!] = new LastUse(time.GetUtcNow().ToUnixTimeMilliseconds(), credential.Owner!.Id, from);

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
        try
        {
            // In one order everywhere, so that two replicas' upserts of the same rows cannot deadlock.
            foreach (var chunk in uses.OrderBy(pair => pair.Key, StringComparer.Ordinal).Chunk(Step))
            {
                await database.WriteAsync(tx => WriteAsync(tx, chunk));
            }
        }
        catch (StoreUnavailableException)
        {
            awake.Clear();
            foreach (var (id, use) in uses)
            {
                pending.TryAdd(id, use); // a later use is the newer one
            }

            throw;
        }
    }

    private async Task<int> WriteAsync(WriteTransaction tx, KeyValuePair<string, LastUse>[] chunk)
    {
        var before = (time.GetUtcNow() - Dormant).ToUnixTimeMilliseconds();
        foreach (var (id, use) in chunk)
        {
            if (awake.Add(id))
            {
                var asleep = await tx.FirstOrDefaultAsync<long?>(
                    "SELECT last_used_at FROM credential_usage WHERE credential_id = @id AND last_used_at < @before",
                    new { id, before }
                );
                if (asleep is not null)
                {
                    signals.Raise(Signals.DormantAwake, id, use.OwnerId, use.From);
                }
            }

            await tx.ExecuteAsync(
                """
                INSERT INTO credential_usage (credential_id, last_used_at, ip, agent) VALUES (@id, @At, @Ip, @Agent)
                ON CONFLICT (credential_id) DO UPDATE SET last_used_at = excluded.last_used_at, ip = excluded.ip, agent = excluded.agent
                  WHERE excluded.last_used_at >= credential_usage.last_used_at
                """,
                new
                {
                    id,
                    use.At,
                    Ip = use.From.Address?.ToString(),
                    use.From.Agent,
                }
            );
        }

        return chunk.Length;
    }

    private sealed record LastUse(long At, string OwnerId, UseCircumstances From);
}
