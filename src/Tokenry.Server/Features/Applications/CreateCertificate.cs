using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;

namespace Tokenry.Server.Features.Applications;

/// <summary>Registers one TLS client certificate of the application, or a rule: a name and the authorities that may issue the certificate.</summary>
public sealed class CreateCertificate(RegisterCredential register, ExpiryPolicy expiry, TimeProvider time)
{
    public Task<Credential> RunAsync(Caller caller, string applicationId, ClientCertificateRequest request) =>
        register.RunAsync(
            caller,
            applicationId,
            CredentialFamily.Certificates,
            () =>
            {
                var now = time.GetUtcNow();
                var (material, notAfter) = CertificateMaterial.Read(request, now);
                var end = request.ExpiresAt.IsPresent ? expiry.Resolve(CredentialKind.Certificate, request.ExpiresAt, now) : notAfter;
                return (CredentialDraft.Of(request, end, CredentialTerms.Of(request, request.RotateEveryDays)), material);
            }
        );
}
