using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.SignIn;

/// <summary>Lists the live sessions of a user: where they are signed in. It marks the one that asks.</summary>
public sealed class ListSessions(Gate gate, TokenryOptions options, TimeProvider time)
{
    private static readonly Demand Own = new(ManagementApi.TokensOwn);
    private static readonly Demand OfOthers = new(ManagementApi.UsersRead);

    /// <param name="caller">The caller.</param>
    /// <param name="userId">The user; <c>null</c> = the caller's own sessions.</param>
    /// <param name="listing">Limit and cursor.</param>
    public Task<Page<Session>> RunAsync(Caller caller, string? userId, Listing listing)
    {
        return userId is null
            ? gate.ReadAsync(caller, Own, "sessions.listed", read => PageAsync(read, read.Caller.Principal.Id, listing))
            : gate.ReadManyAsync(
                caller,
                OfOthers,
                "sessions.listed",
                async read =>
                {
                    await PrincipalStore.ShowAsync(read.Connection, PrincipalType.User, userId, read.Reach);
                    return await PageAsync(read, userId, listing);
                }
            );
    }

    private async Task<Page<Session>> PageAsync(ReadContext read, string userId, Listing listing)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var idle = (long)options.Sessions.Idle.TotalMilliseconds;
        var rows = await SessionStore.OfUserAsync(
            read.Connection,
            userId,
            (now, now - idle),
            listing.IdCursor(SessionSecret.IdPrefix),
            listing.Limit + 1
        );
        var current = SessionCaller.SessionOf(read.Caller)?.Id;
        return listing.ToPage(
            rows,
            row => new Session
            {
                Id = row.Id,
                UserId = row.UserId,
                CreatedAt = At(row.CreatedAt),
                LastSeenAt = At(row.LastSeenAt),
                ExpiresAt = At(Math.Min(row.EndsAt, row.LastSeenAt + idle)),
                Ip = row.Ip,
                Agent = row.Agent,
                Current = row.Id == current,
            },
            row => row.Id
        );
    }

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
