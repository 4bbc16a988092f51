using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>SQL of accounts at outside providers. Issuer and subject find an account, and nothing else does: an e-mail address is a claim and no proof.</summary>
public static class LinkedAccountStore
{
    public static Task<LinkedAccountRow?> FindAsync(StoreReader store, string issuer, string subject) =>
        store.FirstOrDefaultAsync<LinkedAccountRow>(
            $"SELECT {LinkedAccountRow.Columns} FROM linked_accounts WHERE issuer = @issuer AND subject = @subject",
            new { issuer, subject }
        );

    /// <summary>The accounts of a user, the oldest first.</summary>
    public static Task<IReadOnlyList<LinkedAccountRow>> OfUserAsync(StoreReader store, string userId) =>
        store.QueryAsync<LinkedAccountRow>(
            $"SELECT {LinkedAccountRow.Columns} FROM linked_accounts WHERE user_id = @userId ORDER BY id",
            new { userId }
        );

    /// <summary>A page of them.</summary>
    /// <param name="store">The connection to read from.</param>
    /// <param name="userId">The user.</param>
    /// <param name="after">The id after which the page begins; <c>null</c> = the first.</param>
    /// <param name="limit">The most rows.</param>
    public static Task<IReadOnlyList<LinkedAccountRow>> PageAsync(StoreReader store, string userId, string? after, int limit) =>
        store.QueryAsync<LinkedAccountRow>(
            $"SELECT {LinkedAccountRow.Columns} FROM linked_accounts WHERE user_id = @userId AND id > @after ORDER BY id LIMIT @limit",
            new
            {
                userId,
                after = after ?? "",
                limit,
            }
        );

    /// <returns>Whether the account was linked to no user.</returns>
    public static async Task<bool> InsertAsync(WriteTransaction tx, LinkedAccountRow row) =>
        await tx.ExecuteAsync(
            $"""
            INSERT INTO linked_accounts ({LinkedAccountRow.Columns}) VALUES (@Id, @UserId, @Issuer, @Subject, @Label, @CreatedAt, @LastUsedAt)
            ON CONFLICT (issuer, subject) DO NOTHING
            """,
            row
        ) == 1;

    public static Task UsedAsync(WriteTransaction tx, string id, long now) =>
        tx.ExecuteAsync("UPDATE linked_accounts SET last_used_at = @now WHERE id = @id", new { id, now });

    /// <returns>Whether the user had it.</returns>
    public static async Task<bool> RemoveAsync(WriteTransaction tx, string userId, string id) =>
        await tx.ExecuteAsync("DELETE FROM linked_accounts WHERE id = @id AND user_id = @userId", new { id, userId }) == 1;

    /// <summary>Removes every account of a user.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> RemoveAllAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM linked_accounts WHERE user_id = @userId", new { userId });

    /// <summary>How many ways to sign in a user has: password, passkeys, accounts at providers.</summary>
    public static Task<long> WaysInAsync(StoreReader store, string userId) =>
        store.FirstOrDefaultAsync<long>(
            """
            SELECT (SELECT count(*) FROM principals WHERE id = @userId AND password_hash IS NOT NULL)
              + (SELECT count(*) FROM passkeys WHERE user_id = @userId) + (SELECT count(*) FROM linked_accounts WHERE user_id = @userId)
            """,
            new { userId }
        );
}
