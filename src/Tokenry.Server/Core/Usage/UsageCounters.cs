using System.Runtime.InteropServices;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Counts decisions by credential, API, scope and code, in minutes and hours. Each use counts once without a scope and once for each scope
/// that it needed, so that both kinds of rows add up.
/// </summary>
public sealed class UsageCounters(Database database, TimeProvider time, ILogger<UsageCounters> logger) : IUsageSink
{
    /// <summary>Minutes, which show what happens now.</summary>
    public static readonly PurgeRule PurgeMinutes = new(PurgeOf("minute"), TimeSpan.FromDays(2));

    /// <summary>Hours, enough for the report of a year.</summary>
    public static readonly PurgeRule PurgeHours = new(PurgeOf("hour"), TimeSpan.FromDays(400));

    private const int Step = 1000;

    /// <summary>The limit on counters within one second; further uses are counted by API and code only.</summary>
    private const int MostBuckets = 50_000;

    /// <summary>The limit on counted scopes of one use, against abuse; no real client needs more.</summary>
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
    private readonly BoundedCounts<Bucket> tallies = new(
        MostBuckets,
        bucket => bucket with { CredentialId = "", Subject = "", Scope = "" }
    );

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

    /// <summary>One row for each minute and hour, sorted by key, so that the upserts of two replicas cannot deadlock.</summary>
    private static List<Row> Rows(List<BoundedCount<Bucket>> drained)
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

    private static string PurgeOf(string span) =>
        "DELETE FROM usage_counters WHERE (span, at, credential_id, api, scope, code) IN (SELECT span, at, credential_id, api, scope, code "
        + $"FROM usage_counters WHERE span = '{span}' AND at < @before ORDER BY at LIMIT @step)";

    private readonly record struct Bucket(long Minute, string CredentialId, string Subject, string Api, string Scope, string Code)
    {
        /// <summary>
        /// Hashes only the members that distinguish most buckets. Every use is counted here, and a hash of all six costs more than the count.
        /// </summary>
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
