using System.Collections.Concurrent;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// The <see cref="Gate"/> for creates and rotates. It answers a repeated <c>Idempotency-Key</c> with the first answer, including the secret, for ten minutes.
/// A caller that could no longer have the secret made does not see it again (docs/decisions/0014-idempotency.md).
/// </summary>
public sealed class IdempotentGate(Gate gate, IdempotencyStore answers)
{
    private const int LongestKey = 255;

    private readonly ConcurrentDictionary<string, byte> inFlight = new(StringComparer.Ordinal);

    /// <inheritdoc cref="Gate.WriteNewAsync"/>
    public async Task<T> WriteAsync<T>(Caller caller, Demand? demand, string action, Func<OperationContext, Task<T>> operation)
        where T : class
    {
        // A dry run answers what the operation would do now.
        if (caller.Request is not { IdempotencyKey: { } key, Preview: not { IsDryRun: true } })
        {
            return await gate.WriteNewAsync(caller, demand, action, operation);
        }

        var scope = new IdempotencyScope($"{caller.Principal.Id}\n{caller.CredentialId}\n{caller.Request.Route}\n{key}");
        if (!inFlight.TryAdd(scope.Name, 0))
        {
            throw IdempotencyStore.InFlight();
        }

        try
        {
            return await gate.WriteNewAsync(
                caller,
                demand,
                action,
                context =>
                {
                    Check(key);
                    return AnswerAsync(context, demand is null ? null : context.Reach, scope, operation);
                }
            );
        }
        finally
        {
            inFlight.TryRemove(scope.Name, out _);
        }
    }

    private static void Check(string key)
    {
        if (key.Length is 0 or > LongestKey || !Validation.IsClean(key))
        {
            throw ProblemException.Invalid("Idempotency-Key", $"must be 1 to {LongestKey} visible characters");
        }
    }

    /// <param name="context">The transaction, in which the answer is stored or found.</param>
    /// <param name="reach">How far the Gate let the caller; <c>null</c> = it demanded nothing, so the caller cannot have lost reach.</param>
    /// <param name="scope">The principal, credential, route and key.</param>
    /// <param name="operation">The mutation. If it throws, no answer is stored.</param>
    private async Task<T> AnswerAsync<T>(
        OperationContext context,
        Reach? reach,
        IdempotencyScope scope,
        Func<OperationContext, Task<T>> operation
    )
        where T : class
    {
        var (tx, entry, caller, _, _) = context;
        if (await answers.FindAsync<T>(tx, scope, caller.Request.BodyHash) is not { } known)
        {
            var made = await operation(context);
            await answers.KeepAsync(
                tx,
                scope,
                caller.Request.BodyHash,
                new StoredAnswer<T>(made, MadeWith.ToColumn(reach, caller.Management))
            );
            return made;
        }

        // Only a secret needs this check; the caller can read anything else again.
        if (known.Answer is Credential and not { Token: null, ClientSecret: null, SigningKey: null } and var shown)
        {
            if (!MadeWith.IsCoveredBy(known.MadeWith, reach, caller.Management))
            {
                // Since then the caller lost reach or a management right: it sees the secret again only if the server would make a new one for it.
                await tx.TryOutAsync(() => operation(context));
            }

            Record(shown);
        }

        entry.ChangedNothing = true;
        return known.Answer;

        void Record(Credential credential) =>
            tx.Record(
                entry.With(
                    $"{entry.Action[..entry.Action.LastIndexOf('.')]}.replayed",
                    credential.Kind,
                    credential.Id,
                    reason: entry.Action
                )
            );
    }

    /// <summary>The caller's reach and management rights when an answer was made.</summary>
    private static class MadeWith
    {
        private const string All = "*";

        public static string? ToColumn(Reach? reach, ScopeSet management) => reach is { } asked ? $"{NameOf(asked)} {management}" : null;

        /// <param name="column">As stored; <c>null</c> = the Gate demanded nothing, or an older version stored the answer without it.</param>
        /// <param name="reach">How far the caller reaches now.</param>
        /// <param name="management">Its management rights now.</param>
        public static bool IsCoveredBy(string? column, Reach? reach, ScopeSet management)
        {
            var parts = column?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
            return parts.Length == 0
                || (reach is { IsAll: true } || parts[0] == (reach is { } now ? NameOf(now) : null))
                    && management.IsSupersetOf(ScopeSet.Of(parts.Skip(1)));
        }

        private static string NameOf(Reach reach) => reach.OwnOf ?? reach.Organization ?? All;
    }
}
