using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SignIn;

/// <summary>
/// An administrator removes the second factor of a user who lost it. The caller needs what a sign-in link needs (<see cref="CreateSignInLink"/>), and cannot
/// remove its own: a stolen token would otherwise take away what protects the sign-in of its user.
/// </summary>
public sealed class RemoveSecondFactor(Gate gate, FreshAuthentication fresh)
{
    private static readonly Demand Demand = new(ManagementApi.CredentialsWrite);

    /// <exception cref="ProblemException">403: the user holds more rights than the caller, or is the caller; 404: there is no such user.</exception>
    public Task<bool> RunAsync(Caller caller, string userId) =>
        gate.WriteAsync(
            caller,
            Demand,
            "second_factor.removed",
            async operation =>
            {
                fresh.Require(operation.Caller);
                if (userId == operation.Caller.Principal.Id)
                {
                    throw Problems.ExceedsOwn("A credential does not remove the second factor of its own user. Turn it off on a page.");
                }

                await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(userId));
                var wasActive = await SecondFactorStore.RemoveAsync(operation.Transaction, userId);
                operation.Entry.Changes = [AuditChanges.Of("second_factor", true, false)];
                operation.Entry.ChangedNothing = !wasActive;
                return wasActive;
            }
        );
}
