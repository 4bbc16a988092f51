using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Access;

/// <summary>What an operation asks of its caller: a management scope, or a weaker one that opens only what is the caller's own.</summary>
public readonly record struct Demand(string Scope, string? OwnScope = null);

/// <summary>
/// The first line of every operation: authorises the caller <em>and</em> opens the audit entry, which commits with what the operation
/// writes. No audit, no action. Denials are recorded too, in a transaction of their own, before they are answered.
/// </summary>
public sealed class Gate(Database database, KeyRing keys, TimeProvider time)
{
    private static readonly TimeSpan IdempotencyKept = TimeSpan.FromMinutes(10);
    private const int LongestIdempotencyKey = 255;

    private readonly ConcurrentDictionary<string, byte> inFlight = new(StringComparer.Ordinal);

    /// <summary>A mutation. <paramref name="operation"/> names its target on the entry and throws what it refuses.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="demand">What is asked of the caller; <c>null</c> = nothing, the operation is about the calling credential itself.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="operation">The mutation itself.</param>
    public Task<T> WriteAsync<T>(
        Caller caller,
        Demand? demand,
        string action,
        Func<WriteTransaction, AuditEntry, Reach, Task<T>> operation
    ) =>
        RecordingDenialsAsync(
            caller,
            action,
            () =>
            {
                var reach = Authorize(caller, demand);
                return database.WriteAsync(tx => AuditedAsync(tx, caller, action, operation, reach));
            }
        );

    /// <summary>A mutation that answers a repeated <c>Idempotency-Key</c> with what it answered before: creates and rotates.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<T> WriteOnceAsync<T>(
        Caller caller,
        Demand? demand,
        string action,
        Func<WriteTransaction, AuditEntry, Reach, Task<T>> operation
    )
        where T : class => RecordingDenialsAsync(caller, action, () => RunOnceAsync(caller, action, operation, Authorize(caller, demand)));

    /// <summary>A read. Only denials are recorded.</summary>
    public Task<T> ReadAsync<T>(Caller caller, Demand? demand, string action, Func<DbConnection, Reach, Task<T>> read) =>
        RecordingDenialsAsync(
            caller,
            action,
            () =>
            {
                var reach = Authorize(caller, demand);
                return database.ListAsync(caller.Principal.Id, connection => read(connection, reach));
            }
        );

    /// <summary>A check without a read or write behind it, e.g. at a door.</summary>
    public Task<Reach> AuthorizeAsync(Caller caller, Demand demand, string action) =>
        RecordingDenialsAsync(caller, action, () => Task.FromResult(Authorize(caller, demand)));

    /// <summary>A mutation of the server itself (first start, a command on the host): no caller to authorise, audited all the same.</summary>
    public Task<T> SystemAsync<T>(string action, Func<WriteTransaction, AuditEntry, Task<T>> operation) =>
        database.WriteAsync(async tx =>
        {
            var entry = SystemEntry(action);
            var result = await operation(tx, entry);
            tx.Record(entry);
            return result;
        });

    /// <summary>A mutation that anybody may ask for who holds what it is about.</summary>
    public Task<T> AnonymousAsync<T>(RequestFacts request, string action, Func<WriteTransaction, AuditEntry, Task<T>> operation) =>
        database.WriteAsync(async tx =>
        {
            var entry = new AuditEntry
            {
                Id = NewId(),
                At = Now,
                Actor = AuditEntry.Anonymous,
                Action = action,
                Ip = request.Ip,
                Agent = request.Agent,
                RequestId = request.RequestId,
            };
            var result = await operation(tx, entry);
            tx.Record(entry);
            return result;
        });

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private string NewId() => PublicId.Create("evt", PublicId.NewUuid7(time.GetUtcNow()));

    private static Reach Authorize(Caller caller, Demand? asked)
    {
        if (asked is not { } demand)
        {
            return new Reach(caller.Principal.Id);
        }

        if (caller.Management.Contains(demand.Scope))
        {
            return Reach.All;
        }

        if (demand.OwnScope is { } own && caller.Management.Contains(own))
        {
            return new Reach(caller.Principal.Id);
        }

        throw Problems.InsufficientScope(ManagementApi.Identifier, [demand.Scope]);
    }

    private async Task<T> RecordingDenialsAsync<T>(Caller caller, string action, Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (ProblemException denial) when (denial.Status == 403)
        {
            var reason = denial.MissingScopes is { } missing ? $"{denial.Code}: {string.Join(' ', missing)}" : denial.Code;
            await database.WriteAsync(tx =>
            {
                var entry = Entry(caller, action, AuditEntry.Denied, reason);
                (entry.TargetType, entry.TargetId) = denial.Target;
                tx.Record(entry);
                return Task.FromResult(true);
            });
            throw;
        }
    }

    private async Task<T> RunOnceAsync<T>(
        Caller caller,
        string action,
        Func<WriteTransaction, AuditEntry, Reach, Task<T>> operation,
        Reach reach
    )
        where T : class
    {
        if (caller.Request.IdempotencyKey is not { } key)
        {
            return await database.WriteAsync(tx => AuditedAsync(tx, caller, action, operation, reach));
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
                    return answer;
                }

                var result = await AuditedAsync(tx, caller, action, operation, reach);
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

    private async Task<T> AuditedAsync<T>(
        WriteTransaction tx,
        Caller caller,
        string action,
        Func<WriteTransaction, AuditEntry, Reach, Task<T>> operation,
        Reach reach
    )
    {
        var entry = Entry(caller, action, AuditEntry.Success, null);
        try
        {
            var result = await operation(tx, entry, reach);
            tx.Record(entry);
            return result;
        }
        catch (ProblemException denial) when (denial.Status == 403)
        {
            denial.Target = (entry.TargetType, entry.TargetId);
            throw;
        }
    }

    /// <summary>For what the server does by itself, when its time has come.</summary>
    public AuditEntry SystemEntry(string action) =>
        new()
        {
            Id = NewId(),
            At = Now,
            Actor = "system",
            Action = action,
        };

    /// <summary>For an operation that does two audited things at once: the second one's entry.</summary>
    public AuditEntry Entry(Caller caller, string action, string result, string? reason) =>
        new()
        {
            Id = NewId(),
            At = Now,
            Actor = caller.Principal.Id,
            CredentialId = caller.CredentialId,
            Action = action,
            Result = result,
            Reason = reason,
            Ip = caller.Request.Ip,
            Agent = caller.Request.Agent,
            RequestId = caller.Request.RequestId,
        };

    private sealed class IdempotencyRow
    {
        public byte[] BodyHash { get; init; } = [];

        public byte[] Answer { get; init; } = [];
    }
}
