using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Core.Usage;

/// <summary>
/// Aggregates for the audit log: refusals by doors, of clients and by the management API, and reads of many records there. Refusals are
/// counted by credential, reason, API and network; reads by principal and route. The store keeps the counts from the first second, and each
/// becomes one audit event after its minute. So the audit log grows by a limited number of rows, however many refusals there are.
/// </summary>
public sealed class Denials(Database database, TimeProvider time, ILogger<Denials> logger) : IUsageSink
{
    private const int Step = 250;
    private const int MostBuckets = 10_000;
    private const long Minute = 60_000;

    private static readonly RowStatement<BoundedCount<Bucket>> Upsert = new RowStatement<BoundedCount<Bucket>>(
        """
        INSERT INTO denials (minute, action, credential_id, actor, reason, api, network, count, first_at, last_at, target_type, target_id,
          request_id, agent)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14)
        ON CONFLICT (minute, action, credential_id, actor, reason, api, network) DO UPDATE SET count = denials.count + excluded.count,
          first_at = CASE WHEN excluded.first_at < denials.first_at THEN excluded.first_at ELSE denials.first_at END,
          last_at = CASE WHEN excluded.last_at > denials.last_at THEN excluded.last_at ELSE denials.last_at END
        """
    ).Number(tallied => tallied.Key.Minute).Text(tallied => tallied.Key.Action).Text(tallied => tallied.Key.CredentialId).Text(tallied => tallied.Key.Actor).Text(tallied => tallied.Key.Reason).Text(tallied => tallied.Key.Api).Text(tallied => tallied.Key.Network).Number(tallied => tallied.Count).Number(tallied => tallied.First).Number(tallied => tallied.Last).Text(tallied => tallied.Key.First?.TargetType).Text(tallied => tallied.Key.First?.TargetId).Text(tallied => tallied.Key.First?.RequestId).Text(tallied => tallied.Key.First?.Agent);

    private readonly FlushQueue<BoundedCount<Bucket>> queue = new(database, time, logger, Step);
    private readonly BoundedCounts<Bucket> tallies = new(MostBuckets, ToOther);
    private readonly HashSet<Bucket> knownOfMinute = [];
    private long minuteOfKnown;

    /// <summary>This process has closed all minutes before this one.</summary>
    private long closedBefore;

    /// <summary>The target type of a read.</summary>
    public const string RouteTarget = "route";

    private const string Other = "other";

    /// <summary>The prefix of the reason of a read, which is its route. No reason of a refusal starts with it.</summary>
    private const string Read = "GET /";

    private static Bucket ToOther(Bucket bucket) =>
        bucket with
        {
            CredentialId = "",
            Actor = AuditEntry.Anonymous,
            Network = Other,
            First = null,
        };

    public void Record(in Use use)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        tallies.Count(
            new Bucket(
                now - now % Minute,
                use.Door switch
                {
                    DoorNames.ClientAuthentication => "client_authentication.denied",
                    DoorNames.TokenExchange => "exchange.denied",
                    _ => "door.denied",
                },
                use.Credential.CredentialId ?? "",
                use.Actor ?? use.Credential.OwnerId ?? AuditEntry.Anonymous,
                use.Result.Name,
                use.Api?.Identifier ?? "",
                Networks.Name(use.From.Address)
            ),
            now
        );
    }

    /// <summary>Records that the management API refused a caller.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="action">The audit name of the refused operation.</param>
    /// <param name="reason">The reason of the refusal.</param>
    /// <param name="target">The target of the operation, if it is known.</param>
    public void Record(Caller caller, string action, string reason, (string? Type, string? Id) target)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        tallies.Count(
            new Bucket(
                now - now % Minute,
                action,
                caller.CredentialId ?? "",
                caller.Principal.Id,
                reason,
                "",
                Networks.Name(caller.Request.Address)
            )
            {
                First = new Circumstances(target.Type, target.Id, caller.Request.RequestId, caller.Request.Agent),
            },
            now
        );
    }

    /// <summary>Records that a person could not sign in.</summary>
    /// <param name="request">The request.</param>
    /// <param name="user">The user whom the name means; <c>null</c> = none.</param>
    /// <param name="reason">A constant: what a person typed does not belong into the audit.</param>
    public void RecordSignIn(RequestFacts request, string? user, string reason)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        tallies.Count(
            new Bucket(now - now % Minute, "sign_in.denied", "", AuditEntry.Anonymous, reason, "", Networks.Name(request.Address))
            {
                First = new Circumstances(user is null ? null : PrincipalType.User, user, request.RequestId, request.Agent),
            },
            now
        );
    }

    /// <summary>Records that a caller read many records of others.</summary>
    public void RecordRead(Caller caller, string action)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var route = RouteOf(caller.Request.Path);
        tallies.Count(
            new Bucket(now - now % Minute, action, "", caller.Principal.Id, route, "", "")
            {
                First = new Circumstances(RouteTarget, route, caller.Request.RequestId, caller.Request.Agent),
            },
            now
        );
    }

    /// <summary>The route of the path: ids become <c>{id}</c>.</summary>
    private static string RouteOf(string path) =>
        Read
        + string.Join('/', path.TrimStart('/').Split('/').Select(part => part is [_, _, _, '_', ..] && part.Length == 26 ? "{id}" : part));

    public async Task FlushAsync()
    {
        await queue.RunAsync(() => tallies.IsEmpty ? [] : Bounded(tallies.Drain()), KeepAsync);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var minute = now - now % Minute;
        // Wait two seconds, because other replicas may still hold counts of that minute in memory.
        if (minute > closedBefore && now - minute >= 2000)
        {
            await CloseAsync(minute);
            closedBefore = minute;
        }
    }

    /// <summary>
    /// Limits the kinds of denial a minute, over all its seconds. The rows are sorted by key, so that the upserts of two replicas cannot
    /// deadlock.
    /// </summary>
    private List<BoundedCount<Bucket>> Bounded(List<BoundedCount<Bucket>> drained)
    {
        var newest = drained.Count == 0 ? minuteOfKnown : drained.Max(tallied => tallied.Key.Minute);
        if (newest != minuteOfKnown)
        {
            minuteOfKnown = newest;
            knownOfMinute.Clear();
        }

        var bounded = new Dictionary<Bucket, BoundedCount<Bucket>>();
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

    private static Task KeepAsync(WriteTransaction tx, IReadOnlyList<BoundedCount<Bucket>> rows) => tx.ExecuteEachAsync(Upsert, rows);

    /// <summary>Turns the counts before this minute into audit events. Any replica may do it.</summary>
    private async Task CloseAsync(long minute)
    {
        int closed;
        do
        {
            closed = await database.WriteAsync(async tx =>
            {
                // SELECT first, because DELETE has no LIMIT on either engine. On PostgreSQL, the query skips rows that another replica is closing.
                var skip = tx.Dialect.SkipLocked;
                var rows = await tx.QueryAsync<Row>(
                    $"SELECT denials.*, ({CredentialStore.OrganizationOf("denials.credential_id")}) AS organization_id FROM denials WHERE minute < @minute ORDER BY minute LIMIT @Step{skip}",
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
        /// <summary>The circumstances of the first denial counted here; not part of equality.</summary>
        public Circumstances? First { get; init; }

        public bool Equals(Bucket other) =>
            Minute == other.Minute
            && Action == other.Action
            && CredentialId == other.CredentialId
            && Actor == other.Actor
            && Reason == other.Reason
            && Api == other.Api
            && Network == other.Network;

        public override int GetHashCode() => HashCode.Combine(Minute, Action, CredentialId, Actor, Reason, Api, Network);

        public static int Compare(BoundedCount<Bucket> one, BoundedCount<Bucket> another)
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

    private sealed record Circumstances(string? TargetType, string? TargetId, string? RequestId, string? Agent);

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

        public string? TargetType { get; init; }

        public string? TargetId { get; init; }

        public string? RequestId { get; init; }

        public string? Agent { get; init; }

        public string? OrganizationId { get; init; }

        private bool IsRead => Reason.StartsWith(Read, StringComparison.Ordinal);

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
                TargetType = TargetType,
                TargetId = TargetId,
                Result = IsRead ? AuditEntry.Success : AuditEntry.Denied,
                Reason = IsRead ? null : Reason,
                Ip = Network.Length == 0 ? null : Network,
                Agent = Agent,
                RequestId = RequestId,
                OrganizationId = OrganizationId,
                Count = Count,
            };
    }
}
