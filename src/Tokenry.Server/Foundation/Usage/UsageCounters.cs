using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>Counts decisions by credential, API, scopes and code, in minutes and hours.</summary>
public sealed class UsageCounters(Database database, TimeProvider time) : IUsageSink
{
    private const int Step = 250;

    /// <summary>Of credentials in use within one second; beyond, only API and code are told apart.</summary>
    private const int MostBuckets = 50_000;

    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    private static readonly (string Name, long Length)[] Spans = [("minute", Minute), ("hour", Hour)];

    private readonly Tallies<Bucket> tallies = new(MostBuckets, bucket => bucket with { CredentialId = "", Subject = "", Scope = "" });

    public void Record(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        tallies.Count(
            new Bucket(
                now - now % Minute,
                use.Credential.CredentialId ?? "",
                use.Credential.Owner?.Id ?? "",
                use.Api?.Identifier ?? "",
                use.KnownScopes.ToString(),
                use.Code
            ),
            now
        );
    }

    public async Task FlushAsync()
    {
        if (tallies.IsEmpty)
        {
            return;
        }

        // In one order everywhere, so that two replicas' upserts of the same rows cannot deadlock.
        var drained = tallies.Drain();
        drained.Sort(Bucket.Compare);
        for (var done = 0; done < drained.Count; done += Step)
        {
            var chunk = drained.GetRange(done, Math.Min(Step, drained.Count - done));
            try
            {
                await database.WriteAsync(tx => WriteAsync(tx, chunk));
            }
            catch (StoreUnavailableException)
            {
                tallies.Return(drained.Skip(done));
                throw;
            }
        }
    }

    private static async Task<int> WriteAsync(WriteTransaction tx, List<Tallied<Bucket>> rows)
    {
        foreach (var (bucket, count, _, _) in rows)
        {
            foreach (var (span, length) in Spans)
            {
                await tx.ExecuteAsync(
                    """
                    INSERT INTO usage_counters (span, at, credential_id, api, scope, code, subject, uses)
                    VALUES (@span, @at, @CredentialId, @Api, @Scope, @Code, @Subject, @count)
                    ON CONFLICT (span, at, credential_id, api, scope, code) DO UPDATE SET uses = usage_counters.uses + excluded.uses
                    """,
                    new
                    {
                        span,
                        at = bucket.Minute - bucket.Minute % length,
                        bucket.CredentialId,
                        bucket.Api,
                        bucket.Scope,
                        bucket.Code,
                        bucket.Subject,
                        count,
                    }
                );
            }
        }

        return rows.Count;
    }

    private readonly record struct Bucket(long Minute, string CredentialId, string Subject, string Api, string Scope, string Code)
    {
        public static int Compare(Tallied<Bucket> one, Tallied<Bucket> another)
        {
            var (a, b) = (one.Key, another.Key);
            var order = a.Minute.CompareTo(b.Minute);
            order = order != 0 ? order : string.CompareOrdinal(a.CredentialId, b.CredentialId);
            order = order != 0 ? order : string.CompareOrdinal(a.Api, b.Api);
            order = order != 0 ? order : string.CompareOrdinal(a.Scope, b.Scope);
            return order != 0 ? order : string.CompareOrdinal(a.Code, b.Code);
        }
    }
}
