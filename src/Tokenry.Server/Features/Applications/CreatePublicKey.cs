using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;

namespace Tokenry.Server.Features.Applications;

/// <summary>Registers the public key that verifies the client assertions of the application.</summary>
public sealed class CreatePublicKey(RegisterCredential register, ExpiryPolicy expiry, TimeProvider time)
{
    public Task<Credential> RunAsync(Caller caller, string applicationId, PublicKeyRequest request) =>
        register.RunAsync(
            caller,
            applicationId,
            CredentialFamily.PublicKeys,
            () =>
                (
                    new CredentialDraft
                    {
                        Name = request.Name,
                        ExpiresAt = expiry.Resolve(CredentialKind.PublicKey, request.ExpiresAt, time.GetUtcNow()),
                        IsEndSaid = request.ExpiresAt.IsPresent,
                        RotateEveryDays = request.RotateEveryDays,
                        NotBefore = request.NotBefore,
                        AllowedIps = request.AllowedIps,
                        Metadata = request.Metadata,
                    },
                    PublicKeyMaterial.Read(request)
                )
        );
}
