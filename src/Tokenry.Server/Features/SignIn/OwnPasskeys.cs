using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>What a person does with their own passkeys: list, rename, remove.</summary>
public sealed class OwnPasskeys(Gate gate, FreshAuthentication fresh)
{
    /// <summary>All of them, the oldest first.</summary>
    public Task<IReadOnlyList<Passkey>> ListAsync(Caller caller) =>
        gate.ReadOneAsync<IReadOnlyList<Passkey>>(
            caller,
            demand: null,
            "passkeys.listed",
            async read => [.. (await PasskeyStore.OfUserAsync(read.Connection, read.Caller.Principal.Id)).Select(row => row.ToPasskey())]
        );

    /// <exception cref="ProblemException">400: the name is not valid; 404: the person has no such passkey.</exception>
    public Task<bool> RenameAsync(Caller caller, string id, string? name) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "passkey.renamed",
            async operation =>
            {
                var row = await HoldAsync(operation, id);
                var check = new Validation();
                var after = check.Name("name", name);
                check.ThrowIfAny();
                operation.Entry.Changes = [AuditChanges.Of("name", row.Name, after)];
                operation.Entry.ChangedNothing = row.Name == after;
                await PasskeyStore.RenameAsync(operation.Transaction, row.Id, after);
                return true;
            }
        );

    /// <summary>Removes one. The last way in stays.</summary>
    /// <exception cref="ProblemException">403: a fresh proof is missing; 404: the person has no such passkey; 409: the person could not sign in without it.</exception>
    public Task<bool> RemoveAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            demand: null,
            "passkey.removed",
            async operation =>
            {
                fresh.Require(operation.Caller);
                var row = await HoldAsync(operation, id);
                var tx = operation.Transaction;
                await PasskeyStore.RemoveAsync(tx, row.Id);
                if (await LinkedAccountStore.WaysInAsync(tx, row.UserId) == 0)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InUse,
                        "You have no password, so you could not sign in without this passkey. Set a password or add another passkey first."
                    )
                    {
                        Text = new PageText("sign_in_fault.last_passkey"),
                    };
                }

                operation.Entry.Changes = [AuditChanges.Of("passkey", row.Id, after: null)];
                return true;
            }
        );

    private static async Task<PasskeyRow> HoldAsync(OperationContext operation, string id)
    {
        var userId = operation.Caller.Principal.Id;
        operation.Entry.TargetType = PrincipalType.User;
        operation.Entry.TargetId = userId;
        operation.Entry.OrganizationId = null; // the person's own, wherever they act
        await SignInData.HoldAsync(operation.Transaction, userId);
        return await PasskeyStore.FindAsync(operation.Transaction, userId, id) ?? throw ProblemException.NotFound();
    }
}
