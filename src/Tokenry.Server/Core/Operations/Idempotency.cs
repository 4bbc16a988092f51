using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Answers a repeated <c>Idempotency-Key</c> with what was answered before, secret included: sealed under the key-encryption key, for ten minutes, in the
/// transaction of what it answers. A secret is not shown again to a caller who could not have it made any more.
/// </summary>
public sealed class Idempotency(Database database, KeyRing keys, TimeProvider time)
{
    private const int LongestIdempotencyKey = 255;
    private static readonly TimeSpan IdempotencyKept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, byte> inFlight = new(StringComparer.Ordinal);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether it shows a secret, which is nowhere else.</summary>
    public static bool HasSecret<T>(T answer) => answer is Credential and not { Token: null, ClientSecret: null, SigningKey: null };

    /// <param name="caller">Who asks, with the key and the hash of the body.</param>
    /// <param name="reach">How far the Gate let the caller; <c>null</c> where nothing was asked of it, so that it can have lost nothing.</param>
    /// <param name="operation">The mutation, which may throw what it refuses: then nothing is kept.</param>
    /// <param name="replayed">Told what is answered again.</param>
    public async Task<T> RunAsync<T>(
        Caller caller,
        Reach? reach,
        Func<WriteTransaction, Task<T>> operation,
        Action<WriteTransaction, T> replayed
    )
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
        if (!inFlight.TryAdd(Convert.ToHexStringLower(scope), 0))
        {
            throw IdempotencyInFlight();
        }

        try
        {
            return await RunOnceAsync(caller, reach, scope, operation, replayed);
        }
        finally
        {
            inFlight.TryRemove(Convert.ToHexStringLower(scope), out _);
        }
    }

    private async Task<T> RunOnceAsync<T>(
        Caller caller,
        Reach? reach,
        byte[] scope,
        Func<WriteTransaction, Task<T>> operation,
        Action<WriteTransaction, T> replayed
    )
        where T : class
    {
        try
        {
            return await database.WriteAsync(tx => ReplayOrRunAsync(tx, mayDoLess: false));
        }
        catch (MayDoLessException)
        {
            await RefuseIfNewAsync(operation);
            return await database.WriteAsync(tx => ReplayOrRunAsync(tx, mayDoLess: true));
        }

        async Task<T> ReplayOrRunAsync(WriteTransaction tx, bool mayDoLess)
        {
            if (await FindAsync(tx, scope) is not { } known)
            {
                var result = await operation(tx);
                await KeepAsync(tx, caller, scope, MadeWith.ToColumn(reach, caller.Management), result);
                return result;
            }

            var answer = Open<T>(known, scope, caller.Request.BodyHash);
            if (!mayDoLess && HasSecret(answer) && !MadeWith.IsCoveredBy(known.MadeWith, reach, caller.Management))
            {
                throw new MayDoLessException();
            }

            tx.StandsOn(caller.Premise());
            replayed(tx, answer);
            return answer;
        }
    }

    /// <summary>
    /// Since it was made the caller lost reach or a management right. A secret is shown again only to who might have it made anew: that is tried out and taken back.
    /// </summary>
    private async Task RefuseIfNewAsync<T>(Func<WriteTransaction, Task<T>> operation)
    {
        try
        {
            await database.WriteAsync<T>(async tx =>
            {
                await operation(tx);
                throw new TakenBackException();
            });
        }
        catch (TakenBackException)
        {
            // It would not have been refused.
        }
    }

    private async Task KeepAsync<T>(WriteTransaction tx, Caller caller, byte[] scope, string? madeWith, T result)
    {
        var kept = await tx.ExecuteAsync(
            """
            INSERT INTO idempotency (scope, body_hash, answer, made_with, expires_at) VALUES (@scope, @body, @Answer, @MadeWith, @ExpiresAt)
            ON CONFLICT (scope) DO UPDATE
              SET body_hash = excluded.body_hash, answer = excluded.answer, made_with = excluded.made_with, expires_at = excluded.expires_at
              WHERE idempotency.expires_at <= @Now
            """,
            new
            {
                scope,
                // Keyed: a body may hold a password, and a plain hash of it would let a dump be guessed at.
                body = keys.Mac("idempotency", caller.Request.BodyHash),
                Answer = keys.Seal(JsonSerializer.SerializeToUtf8Bytes(result, TokenryJson.Strict), Purpose(scope)),
                MadeWith = madeWith,
                ExpiresAt = Now + (long)IdempotencyKept.TotalMilliseconds,
                Now,
            }
        );
        if (kept != 1)
        {
            throw IdempotencyInFlight(); // another replica was first with this key: nothing of this attempt may stay
        }
    }

    private static string Purpose(byte[] scope) => "idempotency:" + Convert.ToHexStringLower(scope);

    private static ProblemException IdempotencyInFlight() =>
        new(409, ProblemCode.IdempotencyInFlight, "A request with this Idempotency-Key is being worked on. Try again shortly.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private Task<IdempotencyRow?> FindAsync(WriteTransaction tx, byte[] scope) =>
        tx.FirstOrDefaultAsync<IdempotencyRow>(
            "SELECT body_hash, answer, made_with FROM idempotency WHERE scope = @scope AND expires_at > @Now",
            new { scope, Now }
        );

    private T Open<T>(IdempotencyRow known, byte[] scope, byte[] bodyHash)
        where T : class =>
        keys.IsMac(known.BodyHash, "idempotency", bodyHash)
            ? JsonSerializer.Deserialize<T>(keys.Open(known.Answer, Purpose(scope)), TokenryJson.Strict)!
            : throw new ProblemException(
                422,
                ProblemCode.IdempotencyKeyReused,
                "This Idempotency-Key came with another body before. Take a new key for a new request."
            );

    /// <summary>How far the caller reached when an answer was made, and with which management rights.</summary>
    private static class MadeWith
    {
        private const string All = "*";

        public static string? ToColumn(Reach? reach, ScopeSet management) =>
            reach is { } asked ? $"{asked.OwnOf ?? All} {management}" : null;

        /// <param name="column">As stored; <c>null</c> where nothing was asked, or the version that kept the answer did not say.</param>
        /// <param name="reach">How far the caller reaches now.</param>
        /// <param name="management">Its management rights now.</param>
        public static bool IsCoveredBy(string? column, Reach? reach, ScopeSet management)
        {
            var parts = column?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
            return parts.Length == 0
                || (reach is { OwnOf: null } || parts[0] == reach?.OwnOf) && management.IsSupersetOf(ScopeSet.Of(parts.Skip(1)));
        }
    }

    private sealed class MayDoLessException : Exception;

    private sealed class TakenBackException : Exception;

    private sealed class IdempotencyRow
    {
        public byte[] BodyHash { get; init; } = [];

        public byte[] Answer { get; init; } = [];

        public string? MadeWith { get; init; }
    }
}
