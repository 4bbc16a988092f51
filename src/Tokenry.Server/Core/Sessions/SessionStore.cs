using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>SQL of sessions. A mutation that ends several locks the user first, so that two of them wait for each other.</summary>
public static class SessionStore
{
    /// <summary>Sessions that ended by time.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at < @before ORDER BY id LIMIT @step)",
        TimeSpan.Zero
    );

    /// <summary>The most sessions of a user. A further one ends the oldest.</summary>
    private const int MostOfUser = 100;

    public static async Task InsertAsync(WriteTransaction tx, SessionRow row, byte[] hash)
    {
        foreach (var oldest in (await IdsAsync(tx, row.UserId)).SkipLast(MostOfUser - 1))
        {
            await EndAsync(tx, row.UserId, oldest);
        }

        await tx.ExecuteAsync(
            $"""
            INSERT INTO sessions ({SessionRow.Columns}, hash)
            VALUES (@Id, @UserId, @CreatedAt, @LastSeenAt, @AuthenticatedAt, @EndsAt, @Ip, @Agent, @hash)
            """,
            new
            {
                row.Id,
                row.UserId,
                row.CreatedAt,
                row.LastSeenAt,
                row.AuthenticatedAt,
                row.EndsAt,
                row.Ip,
                row.Agent,
                hash,
            }
        );
    }

    /// <summary>The live sessions of a user, the oldest first.</summary>
    /// <param name="store">The connection to read from.</param>
    /// <param name="userId">The user.</param>
    /// <param name="limits">Sessions that ended after the first time and were seen after the second, in Unix ms.</param>
    /// <param name="after">The id after which the page begins.</param>
    /// <param name="limit">The most rows.</param>
    public static Task<IReadOnlyList<SessionRow>> OfUserAsync(
        StoreReader store,
        string userId,
        (long Now, long SeenSince) limits,
        string? after,
        int limit
    ) =>
        store.QueryAsync<SessionRow>(
            $"""
            SELECT {SessionRow.Columns} FROM sessions
            WHERE user_id = @userId AND id > @after AND ends_at > @Now AND last_seen_at > @SeenSince ORDER BY id LIMIT @limit
            """,
            new
            {
                userId,
                after = after ?? "",
                limits.Now,
                limits.SeenSince,
                limit,
            }
        );

    /// <summary>Ends one session of a user.</summary>
    /// <returns>Whether there was one.</returns>
    public static async Task<bool> EndAsync(WriteTransaction tx, string userId, string id)
    {
        tx.Changed(ChangeKind.Session, id);
        return await tx.ExecuteAsync("DELETE FROM sessions WHERE id = @id AND user_id = @userId", new { id, userId }) == 1;
    }

    /// <summary>Ends every session of a user, but one if it is named, and every sign-in between password and code.</summary>
    /// <returns>The number of sessions that ended.</returns>
    public static async Task<int> EndAllAsync(WriteTransaction tx, string userId, string? except = null)
    {
        var ended = 0;
        foreach (var id in (await IdsAsync(tx, userId)).Where(id => id != except))
        {
            ended += await EndAsync(tx, userId, id) ? 1 : 0;
        }

        await SecondSteps.EndAllAsync(tx, userId);
        return ended;
    }

    private static Task<IReadOnlyList<string>> IdsAsync(WriteTransaction tx, string userId) =>
        tx.QueryAsync<string>(
            $"SELECT id FROM sessions WHERE user_id = @userId ORDER BY id{tx.Dialect.ForUpdate("sessions")}",
            new { userId }
        );
}
