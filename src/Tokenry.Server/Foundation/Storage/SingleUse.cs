namespace Tokenry.Server.Foundation.Storage;

/// <summary>
/// Things that count once: codes, assertion ids, proofs. One atomic statement claims a thing, in the transaction of what it buys;
/// the kind is part of the key, so that one kind's value never stands for another's.
/// </summary>
public static class SingleUse
{
    /// <param name="tx">The transaction of what the claim buys.</param>
    /// <param name="kind">What kind of thing it is.</param>
    /// <param name="hash">SHA-256 of the value; the value itself is not stored.</param>
    /// <param name="expiresAt">When the value would be refused anyway (Unix ms) and the claim may be forgotten.</param>
    /// <returns>Whether this call was the first.</returns>
    public static async Task<bool> ClaimAsync(WriteTransaction tx, string kind, byte[] hash, long expiresAt) =>
        await tx.ExecuteAsync(
            "INSERT INTO single_use (kind, hash, expires_at) VALUES (@kind, @hash, @expiresAt) ON CONFLICT DO NOTHING",
            new
            {
                kind,
                hash,
                expiresAt,
            }
        ) == 1;
}
