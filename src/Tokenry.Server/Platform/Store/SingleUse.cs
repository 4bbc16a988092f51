using System.Data.Common;
using Dapper;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Values that count once: codes, assertion ids, proofs. One atomic statement claims a value, in the transaction of the operation that it allows. The kind is
/// part of the key, so that equal values of two kinds do not collide.
/// </summary>
public static class SingleUse
{
    /// <summary>Claims of values that would be refused by now.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM single_use WHERE (kind, hash) IN (SELECT kind, hash FROM single_use WHERE expires_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    private static readonly RowStatement<Claim> Insert = new RowStatement<Claim>(
        "INSERT INTO single_use (kind, hash, expires_at) VALUES (@1, @2, @3) ON CONFLICT DO NOTHING RETURNING expires_at"
    )
        .Text(claim => claim.Kind)
        .Bytes(claim => claim.Hash)
        .Number(claim => claim.ExpiresAt);

    /// <param name="tx">The transaction of the operation that the claim allows.</param>
    /// <param name="kind">The kind of the value.</param>
    /// <param name="hash">SHA-256 of the value; the value itself is not stored.</param>
    /// <param name="expiresAt">When the server refuses the value anyway (Unix ms), so that the claim may be purged.</param>
    /// <returns>Whether this call was the first.</returns>
    public static async Task<bool> ClaimAsync(WriteTransaction tx, string kind, byte[] hash, long expiresAt)
    {
        var isFirst = false;
        await tx.ExecuteEachAsync(Insert, [new Claim(kind, hash, expiresAt)], (_, _) => isFirst = true);
        return isFirst;
    }

    /// <summary>Claims a thing in a transaction of its own: what the claim buys is an answer, not a change.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    /// <exception cref="StoreUnavailableException">The claim may or may not be in the store; the caller must refuse what it was for.</exception>
    public static async Task<bool> ClaimAloneAsync(Database database, string kind, byte[] hash, DateTimeOffset expiresAt)
    {
        var isFirst = false;
        await database.WriteAloneAsync(Insert, new Claim(kind, hash, expiresAt.ToUnixTimeMilliseconds()), (_, _) => isFirst = true);
        return isFirst;
    }

    /// <summary>Whether the thing was claimed, without claiming it.</summary>
    public static async Task<bool> IsClaimedAsync(DbConnection connection, string kind, byte[] hash) =>
        await connection.QueryFirstOrDefaultAsync<long?>(
            "SELECT expires_at FROM single_use WHERE kind = @kind AND hash = @hash",
            new { kind, hash }
        )
            is not null;

    private readonly record struct Claim(string Kind, byte[] Hash, long ExpiresAt);
}
