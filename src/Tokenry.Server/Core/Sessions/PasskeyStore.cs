using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>SQL of passkeys. Every mutation holds the user's row first.</summary>
public static class PasskeyStore
{
    /// <summary>The most passkeys of a user.</summary>
    public const int MostOfUser = 20;

    /// <summary>The passkeys of a user, the oldest first.</summary>
    public static Task<IReadOnlyList<PasskeyRow>> OfUserAsync(StoreReader store, string userId) =>
        store.QueryAsync<PasskeyRow>($"SELECT {PasskeyRow.Columns} FROM passkeys WHERE user_id = @userId ORDER BY id", new { userId });

    /// <summary>A page of them.</summary>
    /// <param name="store">The connection to read from.</param>
    /// <param name="userId">The user.</param>
    /// <param name="after">The id after which the page begins; <c>null</c> = the first.</param>
    /// <param name="limit">The most rows.</param>
    public static Task<IReadOnlyList<PasskeyRow>> PageAsync(StoreReader store, string userId, string? after, int limit) =>
        store.QueryAsync<PasskeyRow>(
            $"SELECT {PasskeyRow.Columns} FROM passkeys WHERE user_id = @userId AND id > @after ORDER BY id LIMIT @limit",
            new
            {
                userId,
                after = after ?? "",
                limit,
            }
        );

    public static Task<long> CountAsync(StoreReader store, string userId) =>
        store.FirstOrDefaultAsync<long>("SELECT count(*) FROM passkeys WHERE user_id = @userId", new { userId });

    /// <summary>The passkey that an authenticator names so; <c>null</c> = none.</summary>
    public static Task<PasskeyRow?> FindAsync(StoreReader store, byte[] credentialId) =>
        store.FirstOrDefaultAsync<PasskeyRow>(
            $"SELECT {PasskeyRow.Columns} FROM passkeys WHERE credential_id = @credentialId",
            new { credentialId }
        );

    /// <summary>A passkey of a user by its public id; <c>null</c> = the user has none of that id.</summary>
    public static Task<PasskeyRow?> FindAsync(StoreReader store, string userId, string id) =>
        store.FirstOrDefaultAsync<PasskeyRow>(
            $"SELECT {PasskeyRow.Columns} FROM passkeys WHERE id = @id AND user_id = @userId",
            new { id, userId }
        );

    /// <returns>Whether the credential id is new.</returns>
    public static async Task<bool> InsertAsync(WriteTransaction tx, PasskeyRow row) =>
        await tx.ExecuteAsync(
            $"""
            INSERT INTO passkeys ({PasskeyRow.Columns})
            VALUES (@Id, @UserId, @CredentialId, @PublicKey, @Name, @Transports, @SignCount, @BackupEligible, @BackedUp, @CreatedAt, NULL, NULL)
            ON CONFLICT (credential_id) DO NOTHING
            """,
            row
        ) == 1;

    /// <summary>Notes a use.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="id">The passkey.</param>
    /// <param name="use">The counter that the authenticator sent, whether the key is copied to other devices, and the time (Unix ms).</param>
    /// <returns>Whether the passkey is there and its counter did not go back.</returns>
    public static async Task<bool> AcceptAsync(WriteTransaction tx, string id, (long SignCount, bool IsBackedUp, long At) use) =>
        await tx.ExecuteAsync(
            """
            UPDATE passkeys SET sign_count = @count, backed_up = @backedUp, last_used_at = @At
            WHERE id = @id AND (sign_count < @count OR (sign_count = 0 AND @count = 0))
            """,
            new
            {
                id,
                count = use.SignCount,
                backedUp = use.IsBackedUp ? 1L : 0L,
                use.At,
            }
        ) == 1;

    /// <summary>Notes that the counter went back.</summary>
    /// <returns>Whether the passkey is there.</returns>
    public static async Task<bool> SuspectAsync(WriteTransaction tx, string id, long now) =>
        await tx.ExecuteAsync("UPDATE passkeys SET suspected_at = @now WHERE id = @id", new { id, now }) == 1;

    public static Task RenameAsync(WriteTransaction tx, string id, string name) =>
        tx.ExecuteAsync("UPDATE passkeys SET name = @name WHERE id = @id", new { id, name });

    public static Task RemoveAsync(WriteTransaction tx, string id) => tx.ExecuteAsync("DELETE FROM passkeys WHERE id = @id", new { id });

    /// <summary>Removes every passkey of a user.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> RemoveAllAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM passkeys WHERE user_id = @userId", new { userId });
}
