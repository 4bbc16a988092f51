using System.Collections.Concurrent;
using Dapper;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Limits;

/// <summary>
/// Counts uses against rate limits and quotas; the count is exact in one process. The usage flush writes the counts to the store and reads
/// the counts of the other replicas. So several replicas exceed a limit by at most the uses of one second.
/// </summary>
public sealed class RateLimiter(Database database, TimeProvider time, ILogger<RateLimiter> logger) : IUsageSink
{
    /// <summary>Windows that are over.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM limit_counters WHERE (subject_id, name, span, starts_at) IN "
            + "(SELECT subject_id, name, span, starts_at FROM limit_counters WHERE expires_at < @before LIMIT @step)",
        TimeSpan.FromMinutes(5)
    );

    private const int Step = 1000;

    // Forgotten only after its counts are written. The next use reads the store again, with the counts of other replicas.
    private static readonly TimeSpan IdleBeforeForgotten = TimeSpan.FromSeconds(10);

    private static readonly RowStatement<Delta> Upsert = new RowStatement<Delta>(
        """
        INSERT INTO limit_counters (subject_id, name, span, starts_at, used, expires_at)
        VALUES (@1, @2, @3, @4, @5, @6)
        ON CONFLICT (subject_id, name, span, starts_at) DO UPDATE SET used = limit_counters.used + excluded.used
        RETURNING used
        """
    ).Text(delta => delta.Subject.SubjectId).Text(delta => delta.Counter.Limit.Name).Text(delta => delta.Counter.Limit.Span).Number(delta => delta.Counter.Start).Number(delta => delta.Amount).Number(delta => delta.Counter.End);

    private readonly FlushQueue<Delta> queue = new(database, time, logger, Step);
    private readonly ConcurrentDictionary<string, LimitCounters> subjects = new(StringComparer.Ordinal);

    /// <summary>Counts one use of a valid credential. An access token has no limits of its own; the limits of its application apply.</summary>
    /// <exception cref="StoreUnavailableException">The earlier uses cannot be read.</exception>
    public ValueTask<LimitOutcome> UseAsync(Authenticated credential)
    {
        var holder = credential.Holder;
        var own = credential is AuthenticatedCredential { Stored: { Terms.RateLimits: not null } stored } ? stored : null;
        return holder.RateLimits is null && own is null ? default : UseAsync(holder, own);
    }

    /// <summary>Counts one use against every limit of both, or against no limit if one of them is used up.</summary>
    private async ValueTask<LimitOutcome> UseAsync(PrincipalFacts holder, CredentialFacts? limited)
    {
        while (true)
        {
            // Always this order, so that two uses cannot deadlock.
            var application = holder.RateLimits is null ? null : await CountersAsync(holder.Id);
            var credential = limited is null ? null : await CountersAsync(limited.Id);
            if (Use(application, holder.RateLimits, credential, limited?.Terms.RateLimits) is { } outcome)
            {
                return outcome;
            }
        }
    }

    private LimitOutcome? Use(
        LimitCounters? application,
        IReadOnlyList<UseLimit>? applicationLimits,
        LimitCounters? credential,
        IReadOnlyList<UseLimit>? credentialLimits
    )
    {
        lock (application ?? credential!)
        {
            lock (credential ?? application!)
            {
                if (application is { IsForgotten: true } || credential is { IsForgotten: true })
                {
                    return null;
                }

                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var touched = time.GetTimestamp();
                var count = (applicationLimits?.Count ?? 0) + (credentialLimits?.Count ?? 0);
                var counters = new LimitCounters.Counter[count];
                var standings = new LimitStanding[count];
                var next = 0;
                Look(application, applicationLimits);
                Look(credential, credentialLimits);
                var refused = Array.Exists(standings, standing => standing.Remaining <= 0);
                for (var i = 0; i < count && !refused; i++)
                {
                    counters[i].Used++;
                    counters[i].Unwritten++;
                    standings[i] = standings[i] with { Remaining = standings[i].Remaining - 1 };
                }

                return LimitOutcome.Of(standings, now, refused);

                void Look(LimitCounters? subject, IReadOnlyList<UseLimit>? limits)
                {
                    if (subject is null)
                    {
                        return;
                    }

                    subject.TouchedAt = touched;
                    for (var i = 0; i < limits!.Count; i++, next++)
                    {
                        counters[next] = subject.For(limits[i], now);
                        var remaining = Math.Max(0, limits[i].Limit - counters[next].Used);
                        standings[next] = new(limits[i], remaining, counters[next].Start, counters[next].End);
                    }
                }
            }
        }
    }

    private async ValueTask<LimitCounters> CountersAsync(string subjectId)
    {
        if (subjects.TryGetValue(subjectId, out var known))
        {
            return known;
        }

        var loaded = new LimitCounters(subjectId) { TouchedAt = time.GetTimestamp() };
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var rows = await database.ReadAsync(connection =>
            connection.QueryAsync<Row>(
                "SELECT subject_id, name, span, starts_at, used, expires_at FROM limit_counters WHERE subject_id = @subjectId AND expires_at > @now",
                new { subjectId, now }
            )
        );
        foreach (var row in rows)
        {
            loaded.Load(row.Name, row.Span, row.StartsAt, row.Used, row.ExpiresAt);
        }

        // The first object wins; two loads of the same rows are equal.
        return subjects.GetOrAdd(subjectId, loaded);
    }

    public async Task FlushAsync()
    {
        var shared = new List<LimitCounters>();
        await queue.RunAsync(() => Unwritten(shared), WriteAsync, Written);
        if (database.Dialect == Dialect.Postgres)
        {
            await LearnAsync(shared);
        }
    }

    /// <summary>The counts that the store does not know, in one order on all replicas, so that upserts of the same rows cannot deadlock.</summary>
    private List<Delta> Unwritten(List<LimitCounters> shared)
    {
        var unwritten = new List<Delta>();
        foreach (var subject in subjects.Values)
        {
            lock (subject)
            {
                unwritten.AddRange(
                    subject.All.Where(counter => counter.Unwritten > 0).Select(counter => new Delta(subject, counter, counter.Unwritten))
                );
                if (!subject.HasUnwritten && !Forget(subject))
                {
                    shared.Add(subject);
                }
            }
        }

        return
        [
            .. unwritten
                .OrderBy(delta => delta.Subject.SubjectId, StringComparer.Ordinal)
                .ThenBy(delta => delta.Counter.Limit.Name, StringComparer.Ordinal)
                .ThenBy(delta => delta.Counter.Limit.Span, StringComparer.Ordinal),
        ];
    }

    /// <summary>Applies the written counts, and the counts of other replicas that came back.</summary>
    private static void Written(IReadOnlyList<Delta> deltas, bool isNew)
    {
        foreach (var delta in deltas)
        {
            lock (delta.Subject)
            {
                delta.Counter.Unwritten -= delta.Amount;
                if (isNew)
                {
                    delta.Counter.Used = delta.Total + delta.Counter.Unwritten;
                }
            }
        }
    }

    private bool Forget(LimitCounters subject)
    {
        subject.IsForgotten = time.GetElapsedTime(subject.TouchedAt) > IdleBeforeForgotten;
        return subject.IsForgotten && subjects.TryRemove(subject.SubjectId, out _);
    }

    /// <summary>Reads the counts of other replicas for subjects that this replica only refused or did not use in this second.</summary>
    private async Task LearnAsync(List<LimitCounters> shared)
    {
        foreach (var chunk in shared.Chunk(Step))
        {
            var ids = chunk.Select(subject => subject.SubjectId).ToArray();
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var rows = await database.ReadAsync(connection =>
                connection.QueryAsync<Row>(
                    "SELECT subject_id, name, span, starts_at, used, expires_at FROM limit_counters "
                        + $"WHERE {Dialect.Of(connection).In("subject_id", "@ids")} AND expires_at > @now",
                    new { ids, now }
                )
            );
            foreach (var row in rows)
            {
                if (!subjects.TryGetValue(row.SubjectId, out var subject))
                {
                    continue;
                }

                lock (subject)
                {
                    foreach (
                        var counter in subject.All.Where(c =>
                            c.Limit.Name == row.Name && c.Limit.Span == row.Span && c.Start == row.StartsAt
                        )
                    )
                    {
                        counter.Used = Math.Max(counter.Used, row.Used + counter.Unwritten);
                    }
                }
            }
        }
    }

    private static Task WriteAsync(WriteTransaction tx, IReadOnlyList<Delta> deltas) =>
        tx.ExecuteEachAsync(Upsert, deltas, (delta, total) => delta.Total = total);

    /// <summary>Counts on their way to the store.</summary>
    private sealed record Delta(LimitCounters Subject, LimitCounters.Counter Counter, long Amount)
    {
        /// <summary>The uses of all replicas, after the write.</summary>
        public long Total { get; set; }
    }

    private sealed class Row
    {
        public string SubjectId { get; init; } = "";

        public string Name { get; init; } = "";

        public string Span { get; init; } = "";

        public long StartsAt { get; init; }

        public long Used { get; init; }

        public long ExpiresAt { get; init; }
    }
}
