using System.Runtime.InteropServices;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Counts decisions by credential, API, scope and code, in minutes and hours: once as a use (scope empty) and once for each scope that was
/// needed, so that both add up.
/// </summary>
public sealed class UsageCounters(Database database, TimeProvider time, ILogger<UsageCounters> logger) : IUsageSink
{
    private const int Step = 1000;

    /// <summary>Of credentials in use within one second; beyond, only API and code are told apart.</summary>
    private const int MostBuckets = 50_000;

    /// <summary>Of one use; more are needed by nobody, and asked for by who means harm.</summary>
    private const int MostScopes = 20;

    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    private static readonly RowStatement<Row> Upsert = new RowStatement<Row>(
        """
        INSERT INTO usage_counters (span, at, credential_id, api, scope, code, subject, uses)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8)
        ON CONFLICT (span, at, credential_id, api, scope, code) DO UPDATE SET uses = usage_counters.uses + excluded.uses
        """
    ).Text(row => row.Span).Number(row => row.Key.Minute).Text(row => row.Key.CredentialId).Text(row => row.Key.Api).Text(row => row.Key.Scope).Text(row => row.Key.Code).Text(row => row.Key.Subject).Number(row => row.Count);

    private readonly FlushQueue<Row> queue = new(database, time, logger, Step);
    private readonly Tallies<Bucket> tallies = new(MostBuckets, bucket => bucket with { CredentialId = "", Subject = "", Scope = "" });

    public void Record(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var bucket = new Bucket(
            now - now % Minute,
            use.Credential.CredentialId ?? "",
            use.Credential.OwnerId ?? "",
            use.Api?.Identifier ?? "",
            "",
            use.Result.Name
        );
        tallies.Count(bucket, now);
        var counted = 0;
        foreach (var scope in use.KnownScopes)
        {
            if (++counted > MostScopes)
            {
                break;
            }

            tallies.Count(bucket with { Scope = scope }, now);
        }
    }

    public Task FlushAsync() => queue.RunAsync(() => tallies.IsEmpty ? [] : Rows(tallies.Drain()), WriteAsync);

    /// <summary>Each minute and each hour once, in the order of the key: so that two replicas' upserts of the same rows cannot deadlock.</summary>
    private static List<Row> Rows(List<Tallied<Bucket>> drained)
    {
        var hours = new Dictionary<Bucket, long>(drained.Count);
        var rows = new List<Row>(drained.Count * 2);
        foreach (var (bucket, count, _, _) in drained)
        {
            rows.Add(new("minute", bucket, count));
            CollectionsMarshal.GetValueRefOrAddDefault(hours, bucket with { Minute = bucket.Minute - bucket.Minute % Hour }, out _) +=
                count;
        }

        rows.AddRange(hours.Select(hour => new Row("hour", hour.Key, hour.Value)));
        rows.Sort(Row.Compare);
        return rows;
    }

    private static Task WriteAsync(WriteTransaction tx, IReadOnlyList<Row> rows) => tx.ExecuteEachAsync(Upsert, rows);

    private readonly record struct Bucket(long Minute, string CredentialId, string Subject, string Api, string Scope, string Code)
    {
        /// <summary>Of what tells most buckets apart: every use is counted here, and hashing all six costs more than the count.</summary>
        public override int GetHashCode() =>
            HashCode.Combine(
                string.GetHashCode(CredentialId, StringComparison.Ordinal),
                string.GetHashCode(Scope, StringComparison.Ordinal)
            );
    }

    private readonly record struct Row(string Span, Bucket Key, long Count)
    {
        public static int Compare(Row one, Row another)
        {
            var (a, b) = (one.Key, another.Key);
            var order = string.CompareOrdinal(one.Span, another.Span);
            order = order != 0 ? order : a.Minute.CompareTo(b.Minute);
            order = order != 0 ? order : string.CompareOrdinal(a.CredentialId, b.CredentialId);
            order = order != 0 ? order : string.CompareOrdinal(a.Api, b.Api);
            order = order != 0 ? order : string.CompareOrdinal(a.Scope, b.Scope);
            return order != 0 ? order : string.CompareOrdinal(a.Code, b.Code);
        }
    }
}
