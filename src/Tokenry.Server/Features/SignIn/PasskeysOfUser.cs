using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// What an administrator does with the passkeys of a user: list them, and remove them all if the user lost a device. To remove them, the caller needs what a
/// sign-in link needs (<see cref="CreateSignInLink"/>), and cannot remove its own: a stolen token would otherwise take away how its user signs in.
/// </summary>
public sealed class PasskeysOfUser(Gate gate, FreshAuthentication fresh)
{
    private static readonly Demand Read = new(ManagementApi.UsersRead);
    private static readonly Demand Write = new(ManagementApi.CredentialsWrite);

    /// <exception cref="ProblemException">404: there is no such user.</exception>
    public Task<Page<Passkey>> ListAsync(Caller caller, string userId, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            Read,
            "passkeys.listed",
            async read =>
            {
                await PrincipalStore.ShowAsync(read.Connection, PrincipalType.User, userId, read.Reach);
                var rows = await PasskeyStore.PageAsync(read.Connection, userId, listing.IdCursor(PasskeyRow.IdPrefix), listing.Limit + 1);
                return listing.ToPage(rows, row => row.ToPasskey(), row => row.Id);
            }
        );

    /// <exception cref="ProblemException">403: the user holds more rights than the caller, or is the caller; 404: there is no such user.</exception>
    public Task<int> RemoveAllAsync(Caller caller, string userId) =>
        gate.WriteAsync(
            caller,
            Write,
            "passkeys.removed",
            async operation =>
            {
                fresh.Require(operation.Caller);
                if (userId == operation.Caller.Principal.Id)
                {
                    throw Problems.ExceedsOwn("A credential does not remove the passkeys of its own user. Remove them on a page.");
                }

                await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(userId));
                var removed = await PasskeyStore.RemoveAllAsync(operation.Transaction, userId);
                operation.Entry.Changes = [AuditChanges.Of("passkeys", removed, after: 0)];
                operation.Entry.ChangedNothing = removed == 0;
                return removed;
            }
        );
}
