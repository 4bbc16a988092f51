using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Registers what the application's TLS client certificate is known by: that certificate, or a name and who may have issued it. Several at once, so
/// that one can follow the other.
/// </summary>
public sealed class CreateCertificate(Gate gate, CatalogCache catalogs, IssueCredential issue, ExpiryPolicy expiry, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, string applicationId, ClientCertificateRequest request)
    {
        var catalog = await catalogs.GetAsync();
        try
        {
            return await gate.WriteOnceAsync(
                caller,
                CredentialFamily.Certificates.Write,
                "certificate.created",
                async (tx, entry, reach) =>
                {
                    var owner = await PrincipalOperations.FindOwnerAsync(tx, reach, PrincipalType.Application, applicationId);
                    var (material, notAfter) = CertificateMaterial.Read(request, time.GetUtcNow());
                    var draft = new CredentialDraft
                    {
                        Name = request.Name,
                        ExpiresAt = request.ExpiresAt.IsPresent
                            ? expiry.Resolve(CredentialKind.Certificate, request.ExpiresAt, time.GetUtcNow())
                            : notAfter,
                        NotBefore = request.NotBefore,
                        AllowedIps = request.AllowedIps,
                        RotateEveryDays = request.RotateEveryDays,
                        Metadata = request.Metadata,
                    };
                    return await issue.RegisterAsync(tx, entry, caller, reach, catalog, owner, draft, material);
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw CredentialProblems.KeyIdTaken(CertificateMaterial.Read(request, time.GetUtcNow()).Material.KeyId);
        }
    }
}
