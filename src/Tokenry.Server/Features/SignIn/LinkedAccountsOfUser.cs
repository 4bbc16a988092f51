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
/// What an administrator does with the accounts of a user at outside providers: list them, link one, and remove them all. The holder of a linked account becomes
/// the user, so changes need what a sign-in link needs (<see cref="CreateSignInLink"/>), and never concern the caller's own user.
/// </summary>
public sealed class LinkedAccountsOfUser(Gate gate, FreshAuthentication fresh, ProviderUsers users)
{
    private const int Longest = 500;

    private static readonly Demand Read = new(ManagementApi.UsersRead);
    private static readonly Demand Write = new(ManagementApi.CredentialsWrite);

    /// <exception cref="ProblemException">404: there is no such user.</exception>
    public Task<Page<LinkedAccount>> ListAsync(Caller caller, string userId, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            Read,
            "linked_accounts.listed",
            async read =>
            {
                await PrincipalStore.ShowAsync(read.Connection, PrincipalType.User, userId, read.Reach);
                var after = listing.IdCursor(LinkedAccountRow.IdPrefix);
                var rows = await LinkedAccountStore.PageAsync(read.Connection, userId, after, listing.Limit + 1);
                return listing.ToPage(rows, row => row.ToAccount(), row => row.Id);
            }
        );

    /// <exception cref="ProblemException">
    /// 400: issuer or subject is not valid; 403: the user holds more rights than the caller, or is the caller; 404: there is no such user; 409: the account belongs to a
    /// user already.
    /// </exception>
    public Task<LinkedAccount> AddAsync(Caller caller, string userId, LinkedAccountRequest request) =>
        gate.WriteAsync(
            caller,
            Write,
            "linked_account.added",
            async operation =>
            {
                var check = new Validation();
                foreach (var (member, value) in new[] { ("issuer", request.Issuer), ("subject", request.Subject) })
                {
                    check.Require(value.Length > 0, member, Validation.Empty);
                    check.Text(member, value, Longest);
                }

                check.ThrowIfAny();
                await HoldAsync(operation, userId);
                var account = (request.Issuer, request.Subject, request.Subject);
                var row = await users.LinkAsync(operation.Transaction, operation.Entry, userId, account);
                operation.Entry.ChangedNothing = true; // LinkAsync records it
                return row.ToAccount();
            }
        );

    /// <exception cref="ProblemException">403: the user holds more rights than the caller, or is the caller; 404: there is no such user.</exception>
    public Task<int> RemoveAllAsync(Caller caller, string userId) =>
        gate.WriteAsync(
            caller,
            Write,
            "linked_accounts.removed",
            async operation =>
            {
                await HoldAsync(operation, userId);
                var removed = await LinkedAccountStore.RemoveAllAsync(operation.Transaction, userId);
                operation.Entry.Changes = [AuditChanges.Of("linked_accounts", removed, after: 0)];
                operation.Entry.ChangedNothing = removed == 0;
                return removed;
            }
        );

    private async Task HoldAsync(OperationContext operation, string userId)
    {
        fresh.Require(operation.Caller);
        if (userId == operation.Caller.Principal.Id)
        {
            throw Problems.ExceedsOwn("A credential does not change how its own user signs in. Do it on the page Sign-in and security.");
        }

        await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(userId));
    }
}
