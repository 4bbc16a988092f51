using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;

namespace Tokenry.Server.Features.SignIn;

/// <summary>Ends the sessions of a user. A caller that is a session itself stays signed in. Tokens and keys stay as they are.</summary>
public sealed class EndSessions(Gate gate)
{
    private static readonly Demand Own = new(ManagementApi.TokensOwn);

    /// <param name="caller">The caller.</param>
    /// <param name="userId">The user; <c>null</c> = the caller's own sessions.</param>
    /// <returns>The number of sessions that ended.</returns>
    public Task<int> RunAsync(Caller caller, string? userId)
    {
        return gate.WriteAsync(
            caller,
            userId is null ? Own : new Demand(ManagementApi.UsersWrite),
            "user.sessions_ended",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                var id = userId ?? now.Principal.Id;
                if (userId is not null)
                {
                    await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(userId));
                }

                entry.TargetType = PrincipalType.User;
                entry.TargetId = id;
                await SignInData.HoldAsync(tx, id);
                var ended = await SessionStore.EndAllAsync(tx, id, SessionCaller.SessionOf(now)?.Id);
                entry.ChangedNothing = ended == 0;
                entry.Reason = $"sessions: {ended}";
                return ended;
            }
        );
    }
}
