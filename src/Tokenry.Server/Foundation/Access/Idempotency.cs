using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Access;

/// <summary>
/// Answers a repeated <c>Idempotency-Key</c> with what was answered before, secret included: sealed under the key-encryption key, for ten minutes, in the
/// transaction of what it answers.
/// </summary>
public sealed class Idempotency(Database database, KeyRing keys, TimeProvider time)
{
    private const int LongestIdempotencyKey = 255;
    private static readonly TimeSpan IdempotencyKept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, byte> inFlight = new(StringComparer.Ordinal);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <param name="caller">Who asks, with the key and the hash of the body.</param>
    /// <param name="operation">The mutation, which may throw what it refuses: then nothing is kept.</param>
    /// <param name="replayed">Told what is answered again.</param>
    public async Task<T> RunAsync<T>(Caller caller, Func<WriteTransaction, Task<T>> operation, Action<WriteTransaction, T> replayed)
        where T : class
    {
        if (caller.Request.IdempotencyKey is not { } key)
        {
            return await database.WriteAsync(operation);
        }

        if (key.Length is 0 or > LongestIdempotencyKey || !Validation.IsClean(key))
        {
            throw ProblemException.Invalid("Idempotency-Key", $"must be 1 to {LongestIdempotencyKey} visible characters");
        }

        var scope = SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Principal.Id}\n{caller.CredentialId}\n{caller.Request.Route}\n{key}"));
        var scopeName = Convert.ToHexStringLower(scope);
        // Keyed: a body may hold a password, and a plain hash of it would let a dump be guessed at.
        var body = keys.Mac("idempotency", caller.Request.BodyHash);
        if (!inFlight.TryAdd(scopeName, 0))
        {
            throw IdempotencyInFlight();
        }

        try
        {
            return await database.WriteAsync(async tx =>
            {
                if (await ReplayAsync<T>(tx, scope, scopeName, caller.Request.BodyHash) is { } answer)
                {
                    tx.StandsOn(caller.Premise());
                    replayed(tx, answer);
                    return answer;
                }

                var result = await operation(tx);
                var kept = await tx.ExecuteAsync(
                    """
                    INSERT INTO idempotency (scope, body_hash, answer, expires_at) VALUES (@scope, @body, @Answer, @ExpiresAt)
                    ON CONFLICT (scope) DO UPDATE SET body_hash = excluded.body_hash, answer = excluded.answer, expires_at = excluded.expires_at
                      WHERE idempotency.expires_at <= @Now
                    """,
                    new
                    {
                        scope,
                        body,
                        Answer = keys.Seal(JsonSerializer.SerializeToUtf8Bytes(result, TokenryJson.Strict), "idempotency:" + scopeName),
                        ExpiresAt = Now + (long)IdempotencyKept.TotalMilliseconds,
                        Now,
                    }
                );
                // Another replica was first with this key: nothing of this attempt may stay.
                return kept == 1 ? result : throw IdempotencyInFlight();
            });
        }
        finally
        {
            inFlight.TryRemove(scopeName, out _);
        }
    }

    private static ProblemException IdempotencyInFlight() =>
        new(409, ProblemCode.IdempotencyInFlight, "A request with this Idempotency-Key is being worked on. Try again shortly.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private async Task<T?> ReplayAsync<T>(WriteTransaction tx, byte[] scope, string scopeName, byte[] bodyHash)
        where T : class
    {
        var known = await tx.FirstOrDefaultAsync<IdempotencyRow>(
            "SELECT body_hash, answer FROM idempotency WHERE scope = @scope AND expires_at > @Now",
            new { scope, Now }
        );
        if (known is null)
        {
            return null;
        }

        return keys.IsMac(known.BodyHash, "idempotency", bodyHash)
            ? JsonSerializer.Deserialize<T>(keys.Open(known.Answer, "idempotency:" + scopeName), TokenryJson.Strict)
            : throw new ProblemException(
                422,
                ProblemCode.IdempotencyKeyReused,
                "This Idempotency-Key came with another body before. Take a new key for a new request."
            );
    }

    private sealed class IdempotencyRow
    {
        public byte[] BodyHash { get; init; } = [];

        public byte[] Answer { get; init; } = [];
    }
}
