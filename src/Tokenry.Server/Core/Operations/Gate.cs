using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Api;
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
/// has changed (<see cref="Premise"/>); else the operation is judged and run again (docs/decisions/0060-judged-in-the-transaction.md).
/// </para>
/// </summary>
public sealed class Gate(
    Database database,
    Idempotency idempotency,
    CallerJudge judge,
    RightsEffects effects,
    Denials denials,
    TimeProvider time
) : IDisposable
{
    /// <summary>How often an operation is judged again before it gives up. Each time, another change was in the way and has been committed.</summary>
    private const int MostJudgements = 50;

    /// <summary>How long the caches of a replica may take to learn of the change that was in the way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1);

    /// <summary>A mutation. <paramref name="operation"/> names its target on the entry and throws what it refuses; it may run more than once.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="demand">What is asked of the caller; <c>null</c> = nothing, the operation is about the calling credential itself.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="operation">The mutation itself.</param>
    public Task<T> WriteAsync<T>(Caller caller, Demand? demand, string action, Func<OperationContext, Task<T>> operation) =>
        JudgedAsync(
            caller,
            demand,
            action,
            async (current, reach, catalog) =>
            {
                Task<T> Run(WriteTransaction tx) => AuditedAsync(tx, current, action, operation, reach, catalog);
                if (current.Request.Preview is not { } preview)
                {
                    return await database.WriteAsync(Run);
                }

                var (effect, premise) = await TryOutAsync(current, Run);
                Mind(preview, effect);
                return await database.WriteAsync(tx =>
                {
                    tx.StandsOn(premise);
                    return Run(tx);
                });
            }
        );

    /// <summary>A mutation that answers a repeated <c>Idempotency-Key</c> with what it answered before: creates and rotates.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<T> WriteOnceAsync<T>(Caller caller, Demand? demand, string action, Func<OperationContext, Task<T>> operation)
        where T : class =>
        JudgedAsync(
            caller,
            demand,
            action,
            async (current, reach, catalog) =>
            {
                Task<T> Run(WriteTransaction tx) => AuditedAsync(tx, current, action, operation, reach, catalog);
                if (current.Request.Preview is { } preview)
                {
                    // A new thing has no holder yet. It is not tried out: an answer that is repeated may have made it already.
                    Mind(preview, preview.IsDryRun ? (await TryOutAsync(current, Run)).Effect : RightsEffects.None);
                }

                return await idempotency.RunAsync(
                    current,
                    demand is null ? null : reach,
                    Run,
                    (tx, answer) => RecordReplay(tx, current, action, answer)
                );
            }
        );

    /// <summary>A read of many records: where they are not the caller's own, that is recorded too, counted by the minute.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="demand">What is asked of the caller.</param>
    /// <param name="action">The audit event's action.</param>
    /// <param name="read">The read itself.</param>
    /// <param name="matters">Whether what was read is worth an event.</param>
    public Task<T> ReadManyAsync<T>(
        Caller caller,
        Demand demand,
        string action,
        Func<DbConnection, Reach, Task<T>> read,
        Func<T, bool>? matters = null
    ) =>
        ReadAsync(
            caller,
            demand,
            action,
            async (connection, reach) =>
            {
                var answer = await read(connection, reach);
                if (reach.OwnOf is null && matters?.Invoke(answer) is not false)
                {
                    denials.RecordRead(caller, action);
                }

                return answer;
            }
        );

    /// <summary>A read of one thing by its id, which cannot take long: it takes no turn of the lists. Only denials are recorded.</summary>
    public Task<T> ReadOneAsync<T>(Caller caller, Demand? demand, string action, Func<DbConnection, Reach, Task<T>> read) =>
        AuthorizedAsync(caller, demand, action, reach => database.ReadAsync(connection => read(connection, reach)));

    /// <summary>A read that may take long. Only denials are recorded.</summary>
    public Task<T> ReadAsync<T>(Caller caller, Demand? demand, string action, Func<DbConnection, Reach, Task<T>> read) =>
        AuthorizedAsync(caller, demand, action, reach => database.ListAsync(caller.Principal.Id, connection => read(connection, reach)));

    /// <summary>A check without a read or write behind it, e.g. at a door.</summary>
    public Task<Reach> AuthorizeAsync(Caller caller, Demand demand, string action) =>
        AuthorizedAsync(caller, demand, action, Task.FromResult);

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

    private Task<T> JudgedAsync<T>(Caller caller, Demand? demand, string action, Func<Caller, Reach, Catalog, Task<T>> run) =>
        RecordingDenialsAsync(
            caller,
            action,
            async () =>
            {
                try
                {
                    return await JudgedOnceAsync(caller, demand, run);
                }
                catch (PremiseChangedException changed)
                {
                    return await InTurnAsync(changed, () => JudgedOnceAsync(caller, demand, run));
                }
            }
        );

    private async Task<T> JudgedOnceAsync<T>(Caller caller, Demand? demand, Func<Caller, Reach, Catalog, Task<T>> run)
    {
        var current = await judge.AgainAsync(caller);
        return await run(current, Authorize(current, demand), await judge.CatalogAsync());
    }

    /// <summary>Those in whose way a change was are run one at a time: many that change the catalog would else be in each other's way again and again.</summary>
    private async Task<T> InTurnAsync<T>(PremiseChangedException changed, Func<Task<T>> run)
    {
        var hasTurn = await turn.WaitAsync(Patience);
        try
        {
            for (var judgements = 2; ; judgements++)
            {
                await judge.CatchUpAsync(changed.Position, Patience);
                try
                {
                    return await run();
                }
                catch (PremiseChangedException again) when (judgements < MostJudgements)
                {
                    changed = again;
                }
                catch (PremiseChangedException again)
                {
                    throw new StoreUnavailableException("The rights that the operation rests on do not stop changing.", again);
                }
            }
        }
        finally
        {
            if (hasTurn)
            {
                turn.Release();
            }
        }
    }

    public void Dispose() => turn.Dispose();

    /// <summary>Runs a mutation, takes it back, and counts what it would have done to credentials.</summary>
    private async Task<(RightsEffect Effect, Premise Premise)> TryOutAsync<T>(Caller caller, Func<WriteTransaction, Task<T>> run)
    {
        // Of what is committed: the transaction may see more, which can still come to nothing.
        var asOf = await database.ReadAsync(connection => connection.QuerySingleAsync<long>(Change.SelectNewest));
        try
        {
            await database.WriteAsync<T>(async tx =>
            {
                await run(tx);
                throw new TriedOutException(await RightsChange.ReadAsync(tx));
            });
        }
        catch (TriedOutException tried)
        {
            return await effects.CountAsync(tried.Change, caller.Principal.Id, asOf);
        }

        throw new InvalidOperationException("A mutation that was only to be tried out was made.");
    }

    private static void Mind(RightsPreview preview, RightsEffect effect)
    {
        if (preview.IsDryRun)
        {
            throw new DryRunAnswer(effect);
        }

        if (effect.Gains.Count != preview.ExpectedGains)
        {
            throw new ProblemException(
                409,
                ProblemCode.GainsDiffer,
                $"{RightsPreview.ExpectGains} says {preview.ExpectedGains}, and there would be {effect.Gains.Count}. Nothing was changed. Look at gains, and "
                    + "send the number they have if they are meant."
            )
            {
                Effect = effect,
            };
        }
    }

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

    private Task<T> AuthorizedAsync<T>(Caller caller, Demand? demand, string action, Func<Reach, Task<T>> read) =>
        RecordingDenialsAsync(caller, action, async () => await read(Authorize(await judge.AgainAsync(caller), demand)));

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

    /// <summary>A secret that is shown once more is an event; what else is answered again tells nothing new.</summary>
    private void RecordReplay<T>(WriteTransaction tx, Caller caller, string action, T answer)
    {
        if (answer is Credential credential && Idempotency.HasSecret(answer))
        {
            var entry = Entry(caller, action[..action.LastIndexOf('.')] + ".replayed", AuditEntry.Success, action);
            (entry.TargetType, entry.TargetId) = (credential.Kind, credential.Id);
            tx.Record(entry);
        }
    }

    private async Task<T> AuditedAsync<T>(
        WriteTransaction tx,
        Caller caller,
        string action,
        Func<OperationContext, Task<T>> operation,
        Reach reach,
        Catalog catalog
    )
    {
        var entry = Entry(caller, action, AuditEntry.Success, null);
        tx.StandsOn(caller.Premise());
        try
        {
            var result = await operation(new OperationContext(tx, entry, caller, reach, catalog));
            if (!entry.ChangedNothing)
            {
                tx.Record(entry);
            }

            return result;
        }
        catch (ProblemException denial) when (denial.Status == 403)
        {
            denial.Target = (entry.TargetType, entry.TargetId);
            throw;
        }
    }

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
}
