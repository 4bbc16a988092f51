using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// How many credentials a principal has, known at each creation without counting. A mutation changes these rows last, in the order of their ids, so that
/// nothing after them waits for another mutation's locks.
/// </summary>
internal static class CredentialCounts
{
    private static readonly RowStatement<string> AddOne = new RowStatement<string>(
        """
        INSERT INTO credential_counts (owner_id, unrevoked) VALUES (@1, 1)
        ON CONFLICT (owner_id) DO UPDATE SET unrevoked = credential_counts.unrevoked + 1 RETURNING unrevoked
        """
    ).Text(ownerId => ownerId);

    private static readonly RowStatement<Removed> Remove = new RowStatement<Removed>(
        "UPDATE credential_counts SET unrevoked = unrevoked - @2 WHERE owner_id = @1"
    )
        .Text(removed => removed.OwnerId)
        .Number(removed => removed.Count);

    /// <summary>Locks the count until COMMIT.</summary>
    /// <returns>How many are not revoked.</returns>
    public static Task<long> HoldAsync(WriteTransaction tx, string ownerId) =>
        tx.FirstOrDefaultAsync<long>(
            "UPDATE credential_counts SET unrevoked = unrevoked WHERE owner_id = @ownerId RETURNING unrevoked",
            new { ownerId }
        );

    /// <returns>How many are not revoked, including the new one.</returns>
    public static async Task<long> AddAsync(WriteTransaction tx, string ownerId)
    {
        var count = 0L;
        await tx.ExecuteEachAsync(AddOne, [ownerId], (_, unrevoked) => count = unrevoked);
        return count;
    }

    public static Task RemoveAsync(WriteTransaction tx, IEnumerable<RevokedCredential> revoked) =>
        tx.ExecuteEachAsync(
            Remove,
            [
                .. revoked
                    .GroupBy(
                        credential => credential.OwnerId,
                        (ownerId, owned) => new Removed(ownerId, owned.Count()),
                        StringComparer.Ordinal
                    )
                    .OrderBy(removed => removed.OwnerId, StringComparer.Ordinal),
            ]
        );

    /// <summary>How many of them are neither revoked nor expired. This reads each from the index.</summary>
    public static Task<long> LiveAsync(WriteTransaction tx, string ownerId, long now) =>
        tx.FirstOrDefaultAsync<long>(
            """
            SELECT (SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND state <> 'revoked' AND expires_at IS NULL)
              + (SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND state <> 'revoked' AND expires_at > @now)
            """,
            new { ownerId, now }
        );

    private readonly record struct Removed(string OwnerId, long Count);
}
