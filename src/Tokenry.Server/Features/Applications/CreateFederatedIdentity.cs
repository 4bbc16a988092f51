using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Lets tokens of another issuer (a CI system, a cluster, a cloud) stand for the application, so that it holds no secret at all. What is trusted does not
/// change afterwards: another is registered and this one revoked, and the audit says when.
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
