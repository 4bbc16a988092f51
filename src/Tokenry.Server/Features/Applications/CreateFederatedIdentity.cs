using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Lets tokens of another issuer (a CI system, a cluster, a cloud) stand for the application, so that it holds no secret at all. What is trusted does not
/// change afterwards: another is registered and this one revoked, and the audit says when.
/// </summary>
public sealed class CreateFederatedIdentity(
    Gate gate,
    CatalogCache catalogs,
    IssueCredential issue,
    ExpiryPolicy expiry,
    TokenryOptions options,
    TimeProvider time
)
{
    /// <summary>Of one application, not revoked: each may cost a look at a signature.</summary>
    private const int Most = 20;

    public async Task<Credential> RunAsync(Caller caller, string applicationId, FederatedIdentityRequest request)
    {
        var catalog = await catalogs.GetAsync();
        return await gate.WriteOnceAsync(
            caller,
            CredentialFamily.FederatedIdentities.Write,
            "federated_identity.created",
            async (tx, entry, reach) =>
            {
                var owner = await PrincipalOperations.FindOwnerAsync(tx, reach, PrincipalType.Application, applicationId);
                if (await CredentialStore.CountAsync(tx, owner.Id, CredentialKind.FederatedIdentity) >= Most)
                {
                    throw ProblemException.Invalid("name", $"the application has {Most} already; revoke one first");
                }

                var draft = new CredentialDraft
                {
                    Name = request.Name,
                    ExpiresAt = expiry.Resolve(CredentialKind.FederatedIdentity, request.ExpiresAt, time.GetUtcNow()),
                    NotBefore = request.NotBefore,
                    AllowedIps = request.AllowedIps,
                    Metadata = request.Metadata,
                };
                var material = FederatedIdentityMaterial.Read(request, options);
                return await issue.RegisterAsync(tx, entry, caller, reach, catalog, owner, draft, material);
            }
        );
    }
}
