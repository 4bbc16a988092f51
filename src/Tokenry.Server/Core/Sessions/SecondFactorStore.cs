using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>SQL of second factors. Every mutation holds the user's row first, so that codes of one user are compared one after the other.</summary>
public static class SecondFactorStore
{
    /// <summary>How long a person has to enter the first code.</summary>
    public static readonly TimeSpan EnrolmentLife = TimeSpan.FromHours(1);

    /// <summary>Secrets whose first code never came.</summary>
    public static readonly PurgeRule Purge = new(
        """
        DELETE FROM second_factors WHERE confirmed_at IS NULL AND user_id IN
          (SELECT user_id FROM second_factors WHERE confirmed_at IS NULL AND created_at < @before ORDER BY created_at LIMIT @step)
        """,
        EnrolmentLife
    );

    /// <summary>The factor of a user, also one without its first code; <c>null</c> = none.</summary>
    public static Task<SecondFactorRow?> FindAsync(StoreReader store, string userId) =>
        store.FirstOrDefaultAsync<SecondFactorRow>(
            $"SELECT {SecondFactorRow.Columns} FROM second_factors WHERE user_id = @userId",
            new { userId }
        );

    /// <summary>The factor that the user signs in with; <c>null</c> = the password is enough.</summary>
    public static async Task<SecondFactorRow?> FindActiveAsync(StoreReader store, string userId) =>
        await FindAsync(store, userId) is { IsActive: true } factor ? factor : null;

    /// <summary>The factors of all users, to seal their secrets again.</summary>
    public static Task<IReadOnlyList<SecondFactorRow>> ListAsync(StoreReader store) =>
        store.QueryAsync<SecondFactorRow>($"SELECT {SecondFactorRow.Columns} FROM second_factors ORDER BY user_id");

    /// <summary>Keeps a new secret, in place of an earlier one whose first code never came.</summary>
    public static Task BeginAsync(WriteTransaction tx, string userId, byte[] sealedSecret, long now) =>
        tx.ExecuteAsync(
            """
            INSERT INTO second_factors (user_id, sealed_secret, created_at, last_step, failures, next_try_at) VALUES (@userId, @sealedSecret, @now, 0, 0, 0)
            ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at, failures = 0, next_try_at = 0
            WHERE second_factors.confirmed_at IS NULL
            """,
            new
            {
                userId,
                sealedSecret,
                now,
            }
        );

    public static Task ConfirmAsync(WriteTransaction tx, string userId, long now) =>
        tx.ExecuteAsync("UPDATE second_factors SET confirmed_at = @now WHERE user_id = @userId", new { userId, now });

    /// <summary>Accepts the code of a time step.</summary>
    /// <returns>Whether no code of that step, or of a later one, was accepted before.</returns>
    public static async Task<bool> AcceptAsync(WriteTransaction tx, string userId, long step) =>
        await tx.ExecuteAsync(
            "UPDATE second_factors SET last_step = @step, failures = 0, next_try_at = 0 WHERE user_id = @userId AND last_step < @step",
            new { userId, step }
        ) == 1;

    /// <summary>Notes a wrong code.</summary>
    public static Task FailAsync(WriteTransaction tx, string userId, long failures, long nextTryAt) =>
        tx.ExecuteAsync(
            "UPDATE second_factors SET failures = @failures, next_try_at = @nextTryAt WHERE user_id = @userId",
            new
            {
                userId,
                failures,
                nextTryAt,
            }
        );

    /// <summary>Stores the same secret under another key-encryption key.</summary>
    public static Task<int> SealAgainAsync(WriteTransaction tx, SecondFactorRow row, byte[] sealedAgain) =>
        tx.ExecuteAsync(
            "UPDATE second_factors SET sealed_secret = @sealedAgain WHERE user_id = @UserId AND sealed_secret = @SealedSecret",
            new
            {
                sealedAgain,
                row.UserId,
                row.SealedSecret,
            }
        );

    /// <summary>Removes the factor of a user, with its recovery codes and the sign-ins that wait for a code.</summary>
    /// <returns>Whether the user signed in with one.</returns>
    public static async Task<bool> RemoveAsync(WriteTransaction tx, string userId)
    {
        var wasActive = await FindActiveAsync(tx, userId) is not null;
        await tx.ExecuteAsync("DELETE FROM second_factors WHERE user_id = @userId", new { userId });
        await RecoveryCodes.EndAllAsync(tx, userId);
        await SecondSteps.EndAllAsync(tx, userId);
        return wasActive;
    }
}
