using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;

namespace Tokenry.Server.Features.Applications;

/// <summary>Creates a client secret of an application. An application may have several, so that the client can switch without downtime.</summary>
public sealed class CreateClientSecret(IdempotentGate gate, IssueCredential issue, ExpiryPolicy expiry, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, string applicationId, CredentialRequest request)
    {
        return await gate.WriteAsync(
            caller,
            CredentialFamily.ClientSecrets.Write,
            "client_secret.created",
            async operation =>
            {
                var owner = await PrincipalOperations.FindOwnerAsync(
                    operation,
                    PrincipalAddress.Application(applicationId),
                    request.OrganizationId
                );
                return await issue.RunAsync(
                    operation,
                    owner,
                    CredentialKind.ClientSecret,
                    CredentialDraft.Of(
                        request,
                        CredentialKind.ClientSecret,
                        expiry.Resolve(CredentialKind.ClientSecret, request.ExpiresAt, time.GetUtcNow())
                    )
                );
            }
        );
    }
}
