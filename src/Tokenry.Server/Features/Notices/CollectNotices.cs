using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices;

/// <summary>
/// Makes notices from the audit trail, so that no operation needs to know of them: what is in the trail is told, and what is told is in the trail. It follows
/// the trail every few seconds, one replica at a time (docs/decisions/0102-notices.md).
/// </summary>
internal sealed partial class CollectNotices(Database database, TokenryOptions options, TimeProvider time, ILogger<CollectNotices> logger)
    : BackgroundService
{
    /// <summary>Mails wait this long, so that one mail tells of a whole series.</summary>
    private const long Gathering = 5_000;

    private const string Trail = "trail";
    private const string Expiry = "expiry";

    /// <summary>Stands after every id: what expired at the position itself was told.</summary>
    private const string Last = "~";

    /// <summary>The most events in one transaction.</summary>
    private const int Step = 100;

    /// <summary>The most positions of the trail in one transaction: what lies between is read past.</summary>
    private const int Stretch = 5_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Repeat.EveryAsync(Interval, time, Repeat.UnlessStoreIsAway(TryAsync, LogSkipped), stoppingToken);

    private async Task TryAsync()
    {
        try
        {
            await RunOnceAsync();
        }
        catch (Exception exception) when (exception is not (StoreUnavailableException or OperationCanceledException))
        {
            // An exception that leaves a background service ends the server.
            LogFailed(exception);
        }
    }

    /// <summary>Collects everything that has not been collected. It writes nothing if nothing happened.</summary>
    internal async Task RunOnceAsync()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        while (await IsBehindAsync() && await database.WriteAsync(tx => FollowTrailAsync(tx, now))) { }

        await FollowExpiryAsync(now);
    }

    private Task<bool> IsBehindAsync() =>
        database.ReadAsync(async connection =>
            await connection.ExecuteScalarAsync<long>("SELECT coalesce(max(seq), 0) FROM audit_events")
            > await NoticeStore.PositionAsync(connection, Trail)
        );

    /// <returns>Whether there is more.</returns>
    private async Task<bool> FollowTrailAsync(WriteTransaction tx, long now)
    {
        var after = await NoticeStore.HoldPositionAsync(tx, Trail);
        var end = await tx.FirstOrDefaultAsync<long>("SELECT coalesce(max(seq), 0) FROM audit_events");
        var to = Math.Min(end, after + Stretch);
        var events = await NoticeEvents.ReadAsync(tx, after, to, Step);
        foreach (var what in events)
        {
            await TellAsync(tx, what, now);
        }

        var reached = events.Count == Step ? events[^1].Seq : to;
        await NoticeStore.MoveAsync(tx, Trail, reached);
        return reached < end;
    }

    /// <summary>
    /// Tells of credentials that expired since the last run. Many may expire at one moment, so that the position moves at the end only: what is told twice
    /// is inserted once.
    /// </summary>
    private async Task FollowExpiryAsync(long now)
    {
        var first = await database.ReadAsync(connection => NoticeStore.PositionAsync(connection, Expiry));
        var reached = (Id: Last, At: first);
        while (await database.ReadAsync(connection => ExpiredAsync(connection, reached, now)) is { Count: > 0 } expired)
        {
            await database.WriteAsync(async tx =>
            {
                foreach (var (id, at) in expired)
                {
                    await TellExpiredAsync(tx, id, at);
                }

                return expired.Count;
            });
            reached = expired[^1];
        }

        if (reached.At > first)
        {
            await database.WriteAsync(async tx =>
            {
                await NoticeStore.MoveAsync(tx, Expiry, reached.At);
                return true;
            });
        }
    }

    private static async Task<List<(string Id, long At)>> ExpiredAsync(DbConnection connection, (string Id, long At) after, long now) =>
        (
            await connection.QueryAsync<(string, long)>(
                """
                SELECT id, expires_at FROM credentials
                WHERE expires_at >= @At AND expires_at <= @now AND (expires_at > @At OR id > @Id) ORDER BY expires_at, id LIMIT @Step
                """,
                new
                {
                    after.At,
                    after.Id,
                    now,
                    Step,
                }
            )
        ).AsList();

    private async Task TellExpiredAsync(WriteTransaction tx, string id, long at)
    {
        if (await CredentialStore.FindAsync(tx, id) is { State: not "revoked" } row)
        {
            var notice = new NoticeRow
            {
                Event = $"{NoticeKind.Expired}:{id}:{at}",
                At = at,
                Kind = NoticeKind.Expired,
            };
            await TellAsync(tx, row, notice, except: null);
        }
    }

    private async Task TellAsync(WriteTransaction tx, NoticeEvent what, long now)
    {
        var kind = NoticeEvents.KindOf(what);
        var notice = new NoticeRow
        {
            Event = what.Id,
            At = what.At,
            Kind = kind,
            OrganizationId = what.OrganizationId,
            Reason = what.Reason,
        };
        var except = NoticeEvents.ConcernsActor(kind) ? null : what.Actor;
        if (NoticeEvents.IsOfApplication(what))
        {
            var (name, organization, users) = await NoticeStore.OfApplicationAsync(tx, what.TargetId ?? "");
            notice = notice with
            {
                TargetType = PrincipalType.Application,
                TargetId = what.TargetId ?? "",
                Name = name ?? "",
                OrganizationId = organization,
            };
            await InsertAsync(tx, notice, users, except);
        }
        else if (NoticeEvents.IsOfRole(what))
        {
            if (await RoleRequestStore.FindAsync(tx, what.TargetId ?? "") is { } asked)
            {
                notice = notice with
                {
                    TargetType = RoleRequestStore.Noun,
                    TargetId = asked.Id,
                    Name = asked.RoleName,
                    OrganizationId = asked.OrganizationId,
                };
                await InsertAsync(tx, notice, [asked.UserId], except);
            }
        }
        else if (what.TargetId is { } id && await CredentialStore.FindAsync(tx, id) is { } row && !IsAboutPast(kind, row, now))
        {
            await TellAsync(tx, row, notice, except);
        }
    }

    /// <summary>A credential that was revoked meanwhile needs no replacement.</summary>
    private static bool IsAboutPast(string kind, CredentialRow row, long now) =>
        kind == NoticeKind.Due && row.StateAt(now) is "revoked" or "expired";

    private async Task TellAsync(WriteTransaction tx, CredentialRow row, NoticeRow notice, string? except) =>
        await InsertAsync(
            tx,
            notice with
            {
                TargetType = row.Kind,
                TargetId = row.Id,
                Name = row.Name,
                // A token for several organizations acts in none of its own; the event says which it is about.
                OrganizationId = row.OrganizationId ?? notice.OrganizationId,
            },
            await NoticeStore.ConcernedAsync(tx, row),
            except
        );

    private async Task InsertAsync(WriteTransaction tx, NoticeRow notice, IReadOnlyList<string> users, string? except)
    {
        var now = time.GetUtcNow();
        foreach (var user in users.Where(user => user != except))
        {
            await NoticeStore.InsertAsync(
                tx,
                notice with
                {
                    Id = PublicId.Create(NoticeRow.IdPrefix, PublicId.NewUuid7(now)),
                    UserId = user,
                    MailAt = options.Mail is null ? null : now.ToUnixTimeMilliseconds() + Gathering,
                }
            );
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Notices were not collected: {Reason}")]
    private partial void LogSkipped(string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Notices were not collected")]
    private partial void LogFailed(Exception exception);
}
