using System.Data;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>
/// Counts decisions by credential, API, scope and code, in minutes and hours: once as a use (scope empty) and once for each scope that was
/// needed, so that both add up.
/// </summary>
public sealed class UsageCounters(Database database, TimeProvider time, ILogger<UsageCounters> logger) : IUsageSink
{
    private const int Step = 250;

    /// <summary>Of credentials in use within one second; beyond, only API and code are told apart.</summary>
    private const int MostBuckets = 50_000;

    /// <summary>Of one use; more are needed by nobody, and asked for by who means harm.</summary>
    private const int MostScopes = 20;

    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    private static readonly RowStatement<Row> Upsert = new(
        """
        INSERT INTO usage_counters (span, at, credential_id, api, scope, code, subject, uses)
        VALUES (@span, @at, @credential, @api, @scope, @code, @subject, @count)
        ON CONFLICT (span, at, credential_id, api, scope, code) DO UPDATE SET uses = usage_counters.uses + excluded.uses
        """,
        ("span", DbType.String, row => row.Span),
        ("at", DbType.Int64, row => row.Key.Minute),
        ("credential", DbType.String, row => row.Key.CredentialId),
        ("api", DbType.String, row => row.Key.Api),
        ("scope", DbType.String, row => row.Key.Scope),
        ("code", DbType.String, row => row.Key.Code),
        ("subject", DbType.String, row => row.Key.Subject),
        ("count", DbType.Int64, row => row.Count)
    );

    private readonly FlushQueue<Row> queue = new(database, time, logger, Step);
    private readonly Tallies<Bucket> tallies = new(MostBuckets, bucket => bucket with { CredentialId = "", Subject = "", Scope = "" });

    public void Record(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var bucket = new Bucket(
            now - now % Minute,
            use.Credential.CredentialId ?? "",
            use.Credential.Owner?.Id ?? "",
            use.Api?.Identifier ?? "",
            "",
            use.Code
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
    private static List<Row> Rows(List<Tallied<Bucket>> drained) =>
        [
            .. drained
                .SelectMany(tallied => new[] { new Row("minute", tallied.Key, tallied.Count), Row.OfHour(tallied) })
                .GroupBy(row => (row.Span, row.Key))
                .Select(group => new Row(group.Key.Span, group.Key.Key, group.Sum(row => row.Count)))
                .OrderBy(row => row.Span, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Minute)
                .ThenBy(row => row.Key.CredentialId, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Api, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Scope, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Code, StringComparer.Ordinal),
        ];

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
        public static Row OfHour(in Tallied<Bucket> tallied) =>
            new("hour", tallied.Key with { Minute = tallied.Key.Minute - tallied.Key.Minute % Hour }, tallied.Count);
    }
}
