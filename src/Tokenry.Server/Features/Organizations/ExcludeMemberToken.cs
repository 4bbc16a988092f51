using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Ends what a member's token may do in the organization (<see cref="ExcludeToken"/>).</summary>
public sealed class ExcludeMemberToken(Gate gate, TimeProvider time)
{
    /// <exception cref="ProblemException">404: no token of a member has this id and names the organization.</exception>
    public Task RunAsync(Caller caller, string id, string tokenId) =>
        gate.WriteAsync(
            caller,
            CredentialFamily.PersonalAccessTokens.Write with
            {
                OwnScope = null,
            },
            ExcludeToken.Action,
            async operation =>
            {
                await OrganizationStore.FindAsync(operation.Transaction, id, operation.Reach);
                await ExcludeToken.RunAsync(operation, id, tokenId, time.GetUtcNow());
                return true;
            }
        );
}
