using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Signing;

/// <summary>
/// The keys that sign access tokens: made in this process, stored sealed under the key-encryption key (bound to key id and purpose), held in
/// memory from start on, so that tokens, JWKS and metadata need no database.
/// </summary>
public sealed class SigningKeys : IDisposable
{
    private const string AccessTokenPurpose = "access_token";

    private FrozenDictionary<string, VerificationKey> byId = FrozenDictionary<string, VerificationKey>.Empty;

    /// <summary>The key new tokens are signed with.</summary>
    public SigningKey Active { get; private set; } = null!;

    /// <summary>The JWK set (RFC 7517) with public members only.</summary>
    public byte[] JwkSet { get; private set; } = [];

    /// <summary>The verification key of that id; the id is a dictionary key and nothing else.</summary>
    public VerificationKey? Find(string keyId) => byId.GetValueOrDefault(keyId);

    /// <summary>Loads the keys, and makes the first where there is none; replicas that start together agree on one.</summary>
    public async Task LoadAsync(Database database, KeyRing keys, TimeProvider time)
    {
        var rows = await ReadAsync(database);
        if (rows.Count == 0)
        {
            await CreateAsync(database, keys, time);
            rows = await ReadAsync(database);
        }

        var loaded = rows.Select(row => SigningKey.Open(row.KeyId, row.Algorithm, keys.Open(row.SealedPrivateKey, Purpose(row.KeyId))))
            .ToList();
        byId = loaded.ToFrozenDictionary(key => key.KeyId, key => key.Verification, StringComparer.Ordinal);
        Active = loaded[rows.FindIndex(row => row.State == "active")];
        JwkSet = WriteJwkSet(loaded);
    }

    public void Dispose() => Active?.Dispose();

    private static Task<List<Row>> ReadAsync(Database database) =>
        database.ReadAsync(async connection =>
            (
                await connection.QueryAsync<Row>(
                    "SELECT key_id, algorithm, state, sealed_private_key FROM signing_keys "
                        + "WHERE state IN ('next', 'active', 'retired') ORDER BY created_at, key_id"
                )
            ).ToList()
        );

    private static async Task CreateAsync(Database database, KeyRing keys, TimeProvider time)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keyId = JsonWebKey.Thumbprint(ecdsa.ExportParameters(includePrivateParameters: false));
        var pkcs8 = ecdsa.ExportPkcs8PrivateKey();
        var sealedKey = keys.Seal(pkcs8, Purpose(keyId));
        CryptographicOperations.ZeroMemory(pkcs8);
        await database.WriteAsync(async tx =>
        {
            if (tx.Dialect.CommitOrderLock is { } takeLock)
            {
                await tx.ExecuteAsync(takeLock); // replicas that start together: the second sees the first one's key
            }

            return await tx.ExecuteAsync(
                """
                INSERT INTO signing_keys (key_id, purpose, algorithm, state, public_key, sealed_private_key, created_at)
                SELECT @keyId, @Purpose, 'ES256', 'active', @PublicKey, @sealedKey, @Now WHERE NOT EXISTS (SELECT 1 FROM signing_keys)
                """,
                new
                {
                    keyId,
                    Purpose = AccessTokenPurpose,
                    PublicKey = ecdsa.ExportSubjectPublicKeyInfo(),
                    sealedKey,
                    Now = time.GetUtcNow().ToUnixTimeMilliseconds(),
                }
            );
        });
    }

    private static string Purpose(string keyId) => $"signing_key:{AccessTokenPurpose}:{keyId}";

    private static byte[] WriteJwkSet(IEnumerable<SigningKey> keys)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in keys)
            {
                key.WritePublic(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private sealed class Row
    {
        public string KeyId { get; init; } = "";

        public string Algorithm { get; init; } = "";

        public string State { get; init; } = "";

        public byte[] SealedPrivateKey { get; init; } = [];
    }
}
