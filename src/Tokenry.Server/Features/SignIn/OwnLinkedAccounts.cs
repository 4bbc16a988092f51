using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>What a person does with their own accounts at outside providers: list, link, remove. Changes need a fresh proof.</summary>
public sealed class OwnLinkedAccounts(Gate gate, FreshAuthentication fresh, ProviderUsers users, ProviderSignIns signIns)
{
    /// <summary>All of them, the oldest first.</summary>
    public Task<IReadOnlyList<LinkedAccountRow>> ListAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "linked_accounts.listed",
            read => LinkedAccountStore.OfUserAsync(read.Connection, read.Caller.Principal.Id)
        );

    /// <summary>Links an account that the person proved in this session.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="account">The sealed account.</param>
    /// <returns>Whether it was linked; otherwise the proof is too old, or of another session.</returns>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 409: the account belongs to a user already.</exception>
    public async Task<bool> LinkAsync(Caller caller, string? account)
    {
        if (signIns.OpenAccount(account, SessionCaller.SessionOf(caller)!.Id) is not { } proved)
        {
            return false;
        }

        return await gate.WriteAsync(
            caller,
            demand: null,
            "linked_account.added",
            async operation =>
            {
                var id = await HoldAsync(operation);
                await users.LinkAsync(operation.Transaction, operation.Entry, id, proved);
                operation.Entry.ChangedNothing = true; // LinkAsync records it
                return true;
            }
        );
    }

    /// <summary>Removes one. The last way in stays.</summary>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 404: the person has no such account; 409: the person could not sign in without it.</exception>
    public Task<bool> RemoveAsync(Caller caller, string accountId) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "linked_account.removed",
            async operation =>
            {
                var id = await HoldAsync(operation);
                var tx = operation.Transaction;
                if (!await LinkedAccountStore.RemoveAsync(tx, id, accountId))
                {
                    throw ProblemException.NotFound();
                }

                if (await LinkedAccountStore.WaysInAsync(tx, id) == 0)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InUse,
                        "You could not sign in without this account. Set a password or add a passkey first."
                    )
                    {
                        Text = new PageText("sign_in_fault.last_account"),
                    };
                }

                operation.Entry.Changes = [AuditChanges.Of("linked_account", accountId, after: null)];
                return true;
            }
        );

    private async Task<string> HoldAsync(OperationContext operation)
    {
        fresh.Require(operation.Caller);
        var id = operation.Caller.Principal.Id;
        operation.Entry.TargetType = PrincipalType.User;
        operation.Entry.TargetId = id;
        operation.Entry.OrganizationId = null; // the person's own, wherever they act
        await SignInData.HoldAsync(operation.Transaction, id);
        return id;
    }
}
