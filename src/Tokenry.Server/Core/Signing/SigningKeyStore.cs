using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>SQL of signing keys. State changes are in <see cref="SigningKeyMoves"/>.</summary>
public static class SigningKeyStore
{
    private const string AccessTokenPurpose = "access_token";
    private const string Alive = "state IN ('next', 'active', 'retired')";

    /// <summary>The seal purpose of a private key: the sealed value opens under no other key id.</summary>
    public static string SealPurpose(string keyId) => $"signing_key:{AccessTokenPurpose}:{keyId}";

    /// <summary>Published keys: next, active and retired, oldest first.</summary>
    public static async Task<IReadOnlyList<SigningKeyRow>> ListAsync(DbConnection connection) =>
        [
            .. await connection.QueryAsync<SigningKeyRow>(
                $"SELECT {SigningKeyRow.Columns} FROM signing_keys WHERE {Alive} ORDER BY created_at, key_id"
            ),
        ];

    public static Task<SigningKeyRow?> FindAsync(WriteTransaction tx, string keyId) =>
        tx.FirstOrDefaultAsync<SigningKeyRow>($"SELECT {SigningKeyRow.Columns} FROM signing_keys WHERE key_id = @keyId", new { keyId });

    /// <summary>
    /// Locks the keys of an algorithm until the transaction ends, and reads them. The lock is the oldest row of the algorithm, which is never
    /// deleted.
    /// </summary>
    public static async Task<(SigningKeyRow? Active, SigningKeyRow? Next)> LockAsync(WriteTransaction tx, string algorithm)
    {
        var of = new { purpose = AccessTokenPurpose, algorithm };
        const string where = "WHERE purpose = @purpose AND algorithm = @algorithm";
        await tx.QueryAsync<string>(
            $"SELECT key_id FROM signing_keys {where} ORDER BY created_at, key_id LIMIT 1{tx.Dialect.ForUpdate("signing_keys")}",
            of
        );
        var rows = await tx.QueryAsync<SigningKeyRow>($"SELECT {SigningKeyRow.Columns} FROM signing_keys {where} AND {Alive}", of);
        return (rows.FirstOrDefault(row => row.IsActive), rows.FirstOrDefault(row => row.IsNext));
    }

    /// <summary>Stores it as the active key of its algorithm. False if an active key exists; that key stays, and the new one is not stored.</summary>
    public static Task<bool> InsertActiveAsync(WriteTransaction tx, NewSigningKey key, DateTimeOffset now) =>
        InsertAsync(tx, key, SigningKeyState.Active, now, activatesAt: null);

    /// <summary>Stores it as the next key of its algorithm. False if a next key exists.</summary>
    public static Task<bool> InsertNextAsync(WriteTransaction tx, NewSigningKey key, DateTimeOffset now, DateTimeOffset activatesAt) =>
        InsertAsync(tx, key, SigningKeyState.Next, now, activatesAt);

    /// <summary>Stores the private key under another key-encryption key, unless the key ended or another process did so meanwhile.</summary>
    public static Task<int> SealAgainAsync(WriteTransaction tx, SigningKeyRow row, byte[] sealedAgain) =>
        tx.ExecuteAsync(
            "UPDATE signing_keys SET sealed_private_key = @sealedAgain WHERE key_id = @KeyId AND sealed_private_key = @SealedPrivateKey",
            new
            {
                sealedAgain,
                row.KeyId,
                row.SealedPrivateKey,
            }
        );

    /// <summary>Ids of ended keys whose private key is still on the PKCS#11 token.</summary>
    public static async Task<IReadOnlyList<string>> ListEndedOnTokenAsync(DbConnection connection) =>
        [
            .. await connection.QueryAsync<string>(
                "SELECT key_id FROM signing_keys WHERE on_token = 1 AND state IN ('removed', 'tainted') ORDER BY key_id"
            ),
        ];

    /// <summary>Records that the PKCS#11 token no longer holds the private key.</summary>
    public static Task<int> LeaveTokenAsync(WriteTransaction tx, string keyId) =>
        tx.ExecuteAsync("UPDATE signing_keys SET on_token = 0 WHERE key_id = @keyId AND state IN ('removed', 'tainted')", new { keyId });

    /// <summary>Whether the key is stored, in any state.</summary>
    public static async Task<bool> ExistsAsync(DbConnection connection, string keyId) =>
        await connection.QuerySingleAsync<long>("SELECT count(*) FROM signing_keys WHERE key_id = @keyId", new { keyId }) > 0;

    private static async Task<bool> InsertAsync(
        WriteTransaction tx,
        NewSigningKey key,
        string state,
        DateTimeOffset now,
        DateTimeOffset? activatesAt
    )
    {
        var inserted = await tx.ExecuteAsync(
            """
            INSERT INTO signing_keys (key_id, purpose, algorithm, state, public_key, sealed_private_key, on_token, created_at, activates_at, activated_at)
            VALUES (@KeyId, @Purpose, @Algorithm, @state, @PublicKey, @SealedPrivateKey, @onToken, @Now, @activatesAt, @activatedAt)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                key.KeyId,
                Purpose = AccessTokenPurpose,
                key.Algorithm,
                state,
                key.PublicKey,
                key.SealedPrivateKey,
                onToken = key.IsOnToken ? 1L : 0L,
                Now = now.ToUnixTimeMilliseconds(),
                activatesAt = activatesAt?.ToUnixTimeMilliseconds(),
                activatedAt = state == SigningKeyState.Active ? now.ToUnixTimeMilliseconds() : (long?)null,
            }
        );
        if (inserted == 0)
        {
            return false;
        }

        tx.Changed(ChangeKind.SigningKey, key.KeyId);
        return true;
    }
}
