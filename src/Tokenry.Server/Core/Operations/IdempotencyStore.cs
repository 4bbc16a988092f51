using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>The key of a stored answer: the digest of principal, credential, route and idempotency key.</summary>
public sealed class IdempotencyScope(string text)
{
    /// <summary>SHA-256, as stored.</summary>
    public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The same as hexadecimal text.</summary>
    public string Name => field ??= Convert.ToHexStringLower(Hash);
}

/// <summary>An answer that a repeated request gets.</summary>
/// <param name="Answer">The record.</param>
/// <param name="MadeWith">The reach and rights it was made with; <c>null</c> = not known.</param>
public sealed record StoredAnswer<T>(T Answer, string? MadeWith);

/// <summary>SQL for stored answers. They are sealed under the key-encryption key, since they may hold a secret that is stored nowhere else.</summary>
public sealed class IdempotencyStore(KeyRing keys, TimeProvider time)
{
    /// <summary>Expired answers.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM idempotency WHERE scope IN (SELECT scope FROM idempotency WHERE expires_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    private const string BodyPurpose = "idempotency";
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <exception cref="ProblemException">422: the stored answer belongs to another body.</exception>
    public async Task<StoredAnswer<T>?> FindAsync<T>(WriteTransaction tx, IdempotencyScope scope, byte[] bodyHash)
        where T : class
    {
        var row = await tx.FirstOrDefaultAsync<Row>(
            "SELECT body_hash, answer, made_with FROM idempotency WHERE scope = @Hash AND expires_at > @Now",
            new { scope.Hash, Now }
        );
        return row is null ? null
            : keys.IsMac(row.BodyHash, BodyPurpose, bodyHash)
                ? new(JsonSerializer.Deserialize<T>(keys.Open(row.Answer, Purpose(scope)), TokenryJson.Strict)!, row.MadeWith)
            : throw new ProblemException(
                422,
                ProblemCode.IdempotencyKeyReused,
                "This Idempotency-Key came with another body before. Take a new key for a new request."
            );
    }

    /// <exception cref="ProblemException">409: another replica was first with this key. This transaction must be rolled back entirely.</exception>
    public async Task KeepAsync<T>(WriteTransaction tx, IdempotencyScope scope, byte[] bodyHash, StoredAnswer<T> made)
    {
        var kept = await tx.ExecuteAsync(
            """
            INSERT INTO idempotency (scope, body_hash, answer, made_with, expires_at) VALUES (@Hash, @body, @answer, @MadeWith, @expiresAt)
            ON CONFLICT (scope) DO UPDATE
              SET body_hash = excluded.body_hash, answer = excluded.answer, made_with = excluded.made_with, expires_at = excluded.expires_at
              WHERE idempotency.expires_at <= @Now
            """,
            new
            {
                scope.Hash,
                // Keyed: a body may hold a password, and a plain hash in a dump would let an attacker guess it.
                body = keys.Mac(BodyPurpose, bodyHash),
                answer = keys.Seal(JsonSerializer.SerializeToUtf8Bytes(made.Answer, TokenryJson.Strict), Purpose(scope)),
                made.MadeWith,
                expiresAt = Now + (long)Kept.TotalMilliseconds,
                Now,
            }
        );
        if (kept != 1)
        {
            throw InFlight();
        }
    }

    internal static ProblemException InFlight() =>
        new(409, ProblemCode.IdempotencyInFlight, "A request with this Idempotency-Key is being worked on. Try again shortly.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private static string Purpose(IdempotencyScope scope) => "idempotency:" + scope.Name;

    private sealed class Row
    {
        public byte[] BodyHash { get; init; } = [];

        public byte[] Answer { get; init; } = [];

        public string? MadeWith { get; init; }
    }
}
