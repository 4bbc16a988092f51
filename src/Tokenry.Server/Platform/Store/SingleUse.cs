using System.Data.Common;
using Dapper;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Things that count once: codes, assertion ids, proofs. One atomic statement claims a thing, in the transaction of what it buys;
/// the kind is part of the key, so that one kind's value never stands for another's.
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

    /// <param name="tx">The transaction of what the claim buys.</param>
    /// <param name="kind">What kind of thing it is.</param>
    /// <param name="hash">SHA-256 of the value; the value itself is not stored.</param>
    /// <param name="expiresAt">When the value would be refused anyway (Unix ms) and the claim may be forgotten.</param>
    /// <returns>Whether this call was the first.</returns>
    public static async Task<bool> ClaimAsync(WriteTransaction tx, string kind, byte[] hash, long expiresAt)
    {
        var isFirst = false;
        await tx.ExecuteEachAsync(Insert, [new Claim(kind, hash, expiresAt)], (_, _) => isFirst = true);
        return isFirst;
    }

    /// <summary>Claims a thing in a transaction of its own.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    public static Task<bool> ClaimAloneAsync(Database database, string kind, byte[] hash, DateTimeOffset expiresAt) =>
        database.WriteAsync(tx => ClaimAsync(tx, kind, hash, expiresAt.ToUnixTimeMilliseconds()));

    /// <summary>Whether the thing was claimed, without claiming it.</summary>
    public static async Task<bool> IsClaimedAsync(DbConnection connection, string kind, byte[] hash) =>
        await connection.QueryFirstOrDefaultAsync<long?>(
            "SELECT expires_at FROM single_use WHERE kind = @kind AND hash = @hash",
            new { kind, hash }
        )
            is not null;

    private readonly record struct Claim(string Kind, byte[] Hash, long ExpiresAt);
}
