using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>
/// How many credentials a principal has, known at each creation without counting. Always changed as the last rows of a mutation, in the order of their ids: what comes
/// after waits for nothing that another mutation holds.
/// </summary>
internal static class CredentialCounts
{
    /// <returns>How many are not revoked, the new one among them.</returns>
    public static Task<long> AddAsync(WriteTransaction tx, string ownerId) =>
        tx.FirstOrDefaultAsync<long>(
            """
            INSERT INTO credential_counts (owner_id, unrevoked) VALUES (@ownerId, 1)
            ON CONFLICT (owner_id) DO UPDATE SET unrevoked = credential_counts.unrevoked + 1 RETURNING unrevoked
            """,
            new { ownerId }
        );

    /// <summary>Has the count stay as it is until COMMIT.</summary>
    /// <returns>How many are not revoked.</returns>
    public static Task<long> HoldAsync(WriteTransaction tx, string ownerId) =>
        tx.FirstOrDefaultAsync<long>(
            "UPDATE credential_counts SET unrevoked = unrevoked WHERE owner_id = @ownerId RETURNING unrevoked",
            new { ownerId }
        );

    public static async Task RemoveAsync(WriteTransaction tx, IEnumerable<RevokedCredential> revoked)
    {
        foreach (var owned in revoked.GroupBy(credential => credential.OwnerId).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            await tx.ExecuteAsync(
                "UPDATE credential_counts SET unrevoked = unrevoked - @count WHERE owner_id = @ownerId",
                new { ownerId = owned.Key, count = (long)owned.Count() }
            );
        }
    }

    /// <summary>How many of them are neither revoked nor expired; read from the index, one by one.</summary>
    public static Task<long> LiveAsync(WriteTransaction tx, string ownerId, long now) =>
        tx.FirstOrDefaultAsync<long>(
            """
            SELECT (SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND state <> 'revoked' AND expires_at IS NULL)
              + (SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND state <> 'revoked' AND expires_at > @now)
            """,
            new { ownerId, now }
        );
}
