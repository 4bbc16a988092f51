using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

/// <summary>
/// Refusals at doors and of clients, for the audit: counted by credential, reason, API and network, kept in the store from the first second on,
/// and one audit event each when their minute is over. However many there are, the trail grows by a bounded number of rows.
/// </summary>
public sealed class Denials(Database database, TimeProvider time, ILogger<Denials> logger) : IUsageSink
{
    private const int Step = 250;
    private const int MostBuckets = 10_000;
    private const long Minute = 60_000;

    private static readonly RowStatement<Tallied<Bucket>> Upsert = new RowStatement<Tallied<Bucket>>(
        """
        INSERT INTO denials (minute, action, credential_id, actor, reason, api, network, count, first_at, last_at)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10)
        ON CONFLICT (minute, action, credential_id, actor, reason, api, network) DO UPDATE SET count = denials.count + excluded.count,
          first_at = CASE WHEN excluded.first_at < denials.first_at THEN excluded.first_at ELSE denials.first_at END,
          last_at = CASE WHEN excluded.last_at > denials.last_at THEN excluded.last_at ELSE denials.last_at END
        """
    ).Number(tallied => tallied.Key.Minute).Text(tallied => tallied.Key.Action).Text(tallied => tallied.Key.CredentialId).Text(tallied => tallied.Key.Actor).Text(tallied => tallied.Key.Reason).Text(tallied => tallied.Key.Api).Text(tallied => tallied.Key.Network).Number(tallied => tallied.Count).Number(tallied => tallied.First).Number(tallied => tallied.Last);

    private readonly FlushQueue<Tallied<Bucket>> queue = new(database, time, logger, Step);
    private readonly Tallies<Bucket> tallies = new(MostBuckets, ToOther);
    private readonly HashSet<Bucket> knownOfMinute = [];
    private long minuteOfKnown;

    /// <summary>The minute before this one is closed already, in this process.</summary>
    private long closedBefore;

    private const string Other = "other";

    private static Bucket ToOther(Bucket bucket) => bucket with { CredentialId = "", Actor = AuditEntry.Anonymous, Network = Other };

    public void Record(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        tallies.Count(
            new Bucket(
                now - now % Minute,
                use.Door switch
                {
                    Doors.ClientAuthentication => "client_authentication.denied",
                    Doors.TokenExchange => "exchange.denied",
                    _ => "door.denied",
                },
                use.Credential.CredentialId ?? "",
                use.Actor ?? use.Credential.Owner?.Id ?? AuditEntry.Anonymous,
                use.Code,
                use.Api?.Identifier ?? "",
                Networks.Name(use.From.Address)
            ),
            now
        );
    }

    public async Task FlushAsync()
    {
        await queue.RunAsync(() => tallies.IsEmpty ? [] : Bounded(tallies.Drain()), KeepAsync);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var minute = now - now % Minute;
        // Two seconds for what other replicas still have in memory of it.
        if (minute > closedBefore && now - minute >= 2000)
        {
            await CloseAsync(minute);
            closedBefore = minute;
        }
    }

    /// <summary>At most so many kinds of denial a minute, however many seconds they come in; in the order of the key, so that two replicas' upserts of the same rows cannot deadlock.</summary>
    private List<Tallied<Bucket>> Bounded(List<Tallied<Bucket>> drained)
    {
        var newest = drained.Count == 0 ? minuteOfKnown : drained.Max(tallied => tallied.Key.Minute);
        if (newest != minuteOfKnown)
        {
            minuteOfKnown = newest;
            knownOfMinute.Clear();
        }

        var bounded = new Dictionary<Bucket, Tallied<Bucket>>();
        foreach (var tallied in drained)
        {
            var key = tallied.Key;
            if (knownOfMinute.Count >= MostBuckets && !knownOfMinute.Contains(key))
            {
                key = ToOther(key);
            }

            knownOfMinute.Add(key);
            var moved = tallied with { Key = key };
            bounded[key] = bounded.TryGetValue(key, out var same) ? same.Plus(moved) : moved;
        }

        var rows = bounded.Values.ToList();
        rows.Sort(Bucket.Compare);
        return rows;
    }

    private static Task KeepAsync(WriteTransaction tx, IReadOnlyList<Tallied<Bucket>> rows) => tx.ExecuteEachAsync(Upsert, rows);

    /// <summary>Turns what is older than this minute into audit events; whichever replica comes first does.</summary>
    private async Task CloseAsync(long minute)
    {
        int closed;
        do
        {
            closed = await database.WriteAsync(async tx =>
            {
                // The keys first: a DELETE has no LIMIT on either engine. On PostgreSQL a row another replica is closing is passed over.
                var skip = tx.Dialect.SkipLocked;
                var rows = await tx.QueryAsync<Row>(
                    $"SELECT * FROM denials WHERE minute < @minute ORDER BY minute LIMIT @Step{skip}",
                    new { minute, Step }
                );
                foreach (var row in rows.OrderBy(row => row.FirstAt))
                {
                    await tx.ExecuteAsync(
                        """
                        DELETE FROM denials WHERE minute = @Minute AND action = @Action AND credential_id = @CredentialId AND actor = @Actor
                          AND reason = @Reason AND api = @Api AND network = @Network
                        """,
                        row
                    );
                    tx.Record(row.ToEntry(time.GetUtcNow()));
                }

                return rows.Count;
            });
        } while (closed == Step);
    }

    private readonly record struct Bucket(
        long Minute,
        string Action,
        string CredentialId,
        string Actor,
        string Reason,
        string Api,
        string Network
    )
    {
        public static int Compare(Tallied<Bucket> one, Tallied<Bucket> another)
        {
            var (a, b) = (one.Key, another.Key);
            var order = a.Minute.CompareTo(b.Minute);
            order = order != 0 ? order : string.CompareOrdinal(a.Action, b.Action);
            order = order != 0 ? order : string.CompareOrdinal(a.CredentialId, b.CredentialId);
            order = order != 0 ? order : string.CompareOrdinal(a.Actor, b.Actor);
            order = order != 0 ? order : string.CompareOrdinal(a.Reason, b.Reason);
            order = order != 0 ? order : string.CompareOrdinal(a.Api, b.Api);
            return order != 0 ? order : string.CompareOrdinal(a.Network, b.Network);
        }
    }

    private sealed class Row
    {
        public long Minute { get; init; }

        public string Action { get; init; } = "";

        public string CredentialId { get; init; } = "";

        public string Actor { get; init; } = "";

        public string Reason { get; init; } = "";

        public string Api { get; init; } = "";

        public string Network { get; init; } = "";

        public long Count { get; init; }

        public long FirstAt { get; init; }

        public long LastAt { get; init; }

        public AuditEntry ToEntry(DateTimeOffset now) =>
            new()
            {
                Id = PublicId.Create("evt", PublicId.NewUuid7(now)),
                At = FirstAt,
                LastAt = LastAt,
                Actor = Actor,
                CredentialId = CredentialId.Length == 0 ? null : CredentialId,
                Action = Action,
                Api = Api.Length == 0 ? null : Api,
                Result = AuditEntry.Denied,
                Reason = Reason,
                Ip = Network.Length == 0 ? null : Network,
                Count = Count,
            };
    }
}
