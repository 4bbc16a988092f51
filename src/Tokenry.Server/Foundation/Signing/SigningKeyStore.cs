using System.Data.Common;
using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Signing;

/// <summary>SQL of signing keys.</summary>
public static class SigningKeyStore
{
    private const string AccessTokenPurpose = "access_token";

    /// <summary>What a private key is sealed for: it opens under no other id.</summary>
    public static string SealPurpose(string keyId) => $"signing_key:{AccessTokenPurpose}:{keyId}";

    /// <summary>Keys that sign or whose tokens may still live, the oldest first.</summary>
    public static async Task<IReadOnlyList<SigningKeyRow>> ListAsync(DbConnection connection) =>
        [
            .. await connection.QueryAsync<SigningKeyRow>(
                "SELECT key_id, algorithm, state, sealed_private_key FROM signing_keys "
                    + "WHERE state IN ('next', 'active', 'retired') ORDER BY created_at, key_id"
            ),
        ];

    /// <summary>Makes it the active key of its algorithm. False where there is one: it stays, and this one was made for nothing.</summary>
    public static async Task<bool> InsertActiveAsync(WriteTransaction tx, NewSigningKey key, DateTimeOffset now)
    {
        var inserted = await tx.ExecuteAsync(
            """
            INSERT INTO signing_keys (key_id, purpose, algorithm, state, public_key, sealed_private_key, created_at)
            VALUES (@KeyId, @Purpose, @Algorithm, 'active', @PublicKey, @SealedPrivateKey, @Now) ON CONFLICT DO NOTHING
            """,
            new
            {
                key.KeyId,
                Purpose = AccessTokenPurpose,
                key.Algorithm,
                key.PublicKey,
                key.SealedPrivateKey,
                Now = now.ToUnixTimeMilliseconds(),
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

/// <summary>A signing key as stored.</summary>
public sealed class SigningKeyRow
{
    public string KeyId { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public string State { get; init; } = "";

    public byte[] SealedPrivateKey { get; init; } = [];
}
