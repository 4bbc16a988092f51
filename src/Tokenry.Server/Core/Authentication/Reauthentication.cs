using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>Repeats an authentication by the current facts, without its proof: facts change, a verified secret or signature does not.</summary>
public sealed class Reauthentication(
    CredentialCache credentials,
    PrincipalCache principals,
    AccessTokenScheme accessTokens,
    SessionScheme sessions,
    TimeProvider time
)
{
    public async ValueTask<AuthenticationResult> OfAsync(Authenticated before) =>
        before switch
        {
            AuthenticatedToken token => await accessTokens.AgainAsync(token),
            AuthenticatedSession session => await sessions.AgainAsync(session),
            AuthenticatedCredential credential => credential.Again(
                await credentials.GetAsync(credential.CredentialId),
                await principals.GetAsync(credential.OwnerId, credential.Stored.OrganizationId),
                time.GetUtcNow()
            ),
            _ => NamedApplication.Judge(await principals.GetAsync(before.OwnerId)),
        };
}
