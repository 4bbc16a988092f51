using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Trusts tokens of another issuer (a CI system, a cluster, a cloud) to authenticate the application, so that it needs no secret. A federated
/// identity never changes: the owner registers another and revokes this one, and the audit log records both.
/// </summary>
public sealed class CreateFederatedIdentity(RegisterCredential register, ExpiryPolicy expiry, TokenryOptions options, TimeProvider time)
{
    public Task<Credential> RunAsync(Caller caller, string applicationId, FederatedIdentityRequest request) =>
        register.RunAsync(
            caller,
            applicationId,
            CredentialFamily.FederatedIdentities,
            () =>
                (
                    CredentialDraft.Of(
                        request,
                        expiry.Resolve(CredentialKind.FederatedIdentity, request.ExpiresAt, time.GetUtcNow()),
                        CredentialTerms.Of(request, rotateEveryDays: null)
                    ),
                    FederatedIdentityMaterial.Read(request, options)
                )
        );
}
