using System.Data.Common;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// The first line of every operation: authorises the caller <em>and</em> opens the audit entry, which commits with what the operation
/// writes. No audit, no action. Denials are recorded too, counted as those at the doors are (<see cref="Denials"/>).
/// <para>
/// The caller was authenticated before its body arrived. The gate judges it again, and its transaction commits only if nothing that this judgement rests on
/// has changed (<see cref="Premise"/>); otherwise <see cref="Rejudgement"/> repeats both.
/// </para>
/// </summary>
public sealed class Gate(
    Database database,
    CallerJudge judge,
    Rejudgement rejudgement,
    GainsCheck gains,
    Denials denials,
    TimeProvider time
)
{
    /// <summary>A mutation. <paramref name="operation"/> names its target on the entry and throws what it refuses; it may run more than once.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="demand">The scopes the caller needs; <c>null</c> = none, because the operation concerns the calling credential itself.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="operation">The mutation itself.</param>
    public Task<T> WriteAsync<T>(Caller caller, Demand? demand, string action, Func<OperationContext, Task<T>> operation) =>
        JudgedAsync(
            caller,
            demand,
            action,
            async judged =>
            {
                Task<T> Run(WriteTransaction tx) => AuditedAsync(tx, judged, action, operation);
                if (judged.Caller.Request.Preview is not { } preview)
                {
                    return await database.WriteAsync(Run);
                }

                var premise = await gains.RequireAsync(preview, judged.Caller.Principal.Id, Run);
                return await database.WriteAsync(tx =>
                {
                    tx.StandsOn(premise);
                    return Run(tx);
                });
            }
        );

    /// <summary>A mutation that makes something new. A request that may be repeated calls it through <see cref="IdempotentGate"/>.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<T> WriteNewAsync<T>(Caller caller, Demand? demand, string action, Func<OperationContext, Task<T>> operation) =>
        JudgedAsync(
            caller,
            demand,
            action,
            async judged =>
            {
                Task<T> Run(WriteTransaction tx) => AuditedAsync(tx, judged, action, operation);
                if (judged.Caller.Request.Preview is { } preview)
                {
                    await gains.RequireOfNewAsync(preview, judged.Caller.Principal.Id, Run);
                }

                return await database.WriteAsync(Run);
            }
        );

    /// <summary>Reads many records. If they are not the caller's own, the audit records that too, counted by the minute.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="demand">The scopes the caller needs.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="read">The read itself.</param>
    /// <param name="matters">Whether the result is worth an event.</param>
    public Task<T> ReadManyAsync<T>(
        Caller caller,
        Demand demand,
        string action,
        Func<ReadContext, Task<T>> read,
        Func<T, bool>? matters = null
    ) =>
        ReadAsync(
            caller,
            demand,
            action,
            async context =>
            {
                var answer = await read(context);
                if (context.Reach.OwnOf is null && matters?.Invoke(answer) is not false)
                {
                    denials.RecordRead(caller, action);
                }

                return answer;
            }
        );

    /// <summary>Reads one item by its id. This is fast, so it does not wait in the queue of the lists. Only denials are recorded.</summary>
    public Task<T> ReadOneAsync<T>(Caller caller, Demand? demand, string action, Func<ReadContext, Task<T>> read) =>
        RecordingDenialsAsync(
            caller,
            action,
            async () =>
            {
                var judged = await JudgeAsync(caller, demand);
                return await database.ReadAsync(connection => read(judged.On(connection)));
            }
        );

    /// <summary>A read that may take long. Only denials are recorded.</summary>
    public Task<T> ReadAsync<T>(Caller caller, Demand? demand, string action, Func<ReadContext, Task<T>> read) =>
        RecordingDenialsAsync(
            caller,
            action,
            async () =>
            {
                var judged = await JudgeAsync(caller, demand);
                return await database.ListAsync(caller.Principal.Id, connection => read(judged.On(connection)));
            }
        );

    /// <summary>A check without a read or write behind it, e.g. at a door.</summary>
    public Task<Reach> AuthorizeAsync(Caller caller, Demand demand, string action) =>
        RecordingDenialsAsync(caller, action, async () => Authorize(await judge.AgainAsync(caller), demand));

    /// <summary>Runs a mutation without an authenticated caller; holding the item that it changes is enough.</summary>
    public Task<T> AnonymousAsync<T>(RequestFacts request, string action, Func<WriteTransaction, AuditEntry, Task<T>> operation) =>
        ProvedAsync(request, AuditEntry.Anonymous, action, operation);

    /// <summary>Runs a mutation of a person who has no session yet, and proves in this request who they are.</summary>
    /// <param name="request">The request.</param>
    /// <param name="actor">The user. The operation checks in its transaction that the proof still holds.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="operation">The mutation itself.</param>
    public Task<T> ProvedAsync<T>(
        RequestFacts request,
        string actor,
        string action,
        Func<WriteTransaction, AuditEntry, Task<T>> operation
    ) =>
        database.WriteAsync(async tx =>
        {
            var entry = Entry(request, actor, credentialId: null, action);
            var result = await operation(tx, entry);
            if (!entry.ChangedNothing)
            {
                tx.Record(entry);
            }

            return result;
        });

    /// <summary>The same for a mutation that rests on facts about others. If one of them changes before COMMIT, it is judged and run again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="actor">The user.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="operation">The mutation itself, with the position in <c>changes</c> at which its transaction stands on what it reads (<see cref="Premise"/>).</param>
    public Task<T> ProvedOnFactsAsync<T>(
        RequestFacts request,
        string actor,
        string action,
        Func<AuditedOperation, long, Task<T>> operation
    ) =>
        rejudgement.RunAsync(async () =>
        {
            var position = judge.Now.Position;
            var catalog = await judge.CatalogAsync();
            return await ProvedAsync(
                request,
                actor,
                action,
                async (tx, entry) =>
                {
                    tx.StandsOn(new Premise(position, []));
                    try
                    {
                        return await operation(new AuditedOperation(tx, entry, catalog), position);
                    }
                    catch (ProblemException)
                    {
                        await tx.RequirePremiseAsync(); // a refusal counts only by facts that still hold
                        throw;
                    }
                }
            );
        });

    private Task<T> JudgedAsync<T>(Caller caller, Demand? demand, string action, Func<Judged, Task<T>> run) =>
        RecordingDenialsAsync(caller, action, () => rejudgement.RunAsync(async () => await run(await JudgeAsync(caller, demand))));

    private async ValueTask<Judged> JudgeAsync(Caller caller, Demand? demand)
    {
        var current = await judge.AgainAsync(caller);
        return new(current, Authorize(current, demand), await judge.CatalogAsync());
    }

    private static Reach Authorize(Caller caller, Demand? asked)
    {
        if (asked is not { } demand)
        {
            return new Reach(caller.Principal.Id);
        }

        if (caller.OrganizationId is { } organization && demand.OrganizationScope is { } there && caller.Management.Contains(there))
        {
            return Reach.In(organization);
        }

        // A credential that acts in an organization has no scope of the whole server (ManagementApi.InOrganization).
        if (caller.Management.Contains(demand.Scope) || (demand.NarrowScope is { } narrow && caller.Management.Contains(narrow)))
        {
            return Reach.All;
        }

        if (demand.OwnScope is { } own && caller.Management.Contains(own))
        {
            return new Reach(caller.Principal.Id) { Organization = caller.OrganizationId };
        }

        throw Problems.InsufficientScope(
            ManagementApi.Identifier,
            [(caller.OrganizationId is null ? null : demand.OrganizationScope) ?? demand.Scope]
        );
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
            denials.Record(caller, action, reason, denial.Target);
            throw;
        }
    }

    private async Task<T> AuditedAsync<T>(WriteTransaction tx, Judged judged, string action, Func<OperationContext, Task<T>> operation)
    {
        var caller = judged.Caller;
        var entry = Entry(caller.Request, caller.Principal.Id, caller.CredentialId, action);
        entry.OrganizationId = caller.OrganizationId;
        tx.StandsOn(caller.Premise());
        try
        {
            var result = await operation(new OperationContext(tx, entry, caller, judged.Reach, judged.Catalog));
            if (!entry.ChangedNothing)
            {
                tx.Record(entry);
            }

            return result;
        }
        catch (ProblemException refusal)
        {
            // A refusal counts only by the facts that the caller was judged by: who was revoked meanwhile hears that, not what the operation found.
            await tx.RequirePremiseAsync();
            if (refusal.Status == 403)
            {
                refusal.Target = (entry.TargetType, entry.TargetId);
            }

            throw;
        }
    }

    private AuditEntry Entry(RequestFacts request, string actor, string? credentialId, string action)
    {
        var now = time.GetUtcNow();
        return new()
        {
            Id = PublicId.Create("evt", PublicId.NewUuid7(now)),
            At = now.ToUnixTimeMilliseconds(),
            Actor = actor,
            CredentialId = credentialId,
            Action = action,
            Ip = request.Ip,
            Agent = request.Agent,
            RequestId = request.RequestId,
        };
    }

    /// <summary>The facts that an operation is decided by.</summary>
    private sealed record Judged(Caller Caller, Reach Reach, Catalog Catalog)
    {
        public ReadContext On(DbConnection connection) => new(connection, Caller, Reach, Catalog);
    }
}
