using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SignIn;

/// <summary>Ends one session of the caller: this one (sign-out), or one on another device.</summary>
public sealed class EndSession(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.TokensOwn);

    /// <exception cref="ProblemException">404: the caller has no such session.</exception>
    public Task RunAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            Demand,
            "session.ended",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                entry.OrganizationId = null; // the person's own, wherever they act
                entry.TargetType = SessionStart.SessionTarget;
                entry.TargetId = id;
                return PublicId.IsWellFormed(id, SessionSecret.IdPrefix) && await SessionStore.EndAsync(tx, now.Principal.Id, id)
                    ? true
                    : throw ProblemException.NotFound();
            }
        );
}
