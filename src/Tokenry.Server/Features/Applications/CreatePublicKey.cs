using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Registers the public half of a key the application signs its assertions with. It may have several at once, so that one can follow the other
/// without downtime.
/// </summary>
public sealed class CreatePublicKey(Gate gate, CatalogCache catalogs, IssueCredential issue, ExpiryPolicy expiry, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, string applicationId, PublicKeyRequest request)
    {
        var catalog = await catalogs.GetAsync();
        try
        {
            return await gate.WriteOnceAsync(
                caller,
                CredentialFamily.PublicKeys.Write,
                "public_key.created",
                async (tx, entry, reach) =>
                {
                    var owner = await PrincipalOperations.FindOwnerAsync(tx, reach, PrincipalType.Application, applicationId);
                    var draft = new CredentialDraft
                    {
                        Name = request.Name,
                        ExpiresAt = expiry.Resolve(CredentialKind.PublicKey, request.ExpiresAt, time.GetUtcNow()),
                        RotateEveryDays = request.RotateEveryDays,
                        NotBefore = request.NotBefore,
                        AllowedIps = request.AllowedIps,
                        Metadata = request.Metadata,
                    };
                    return await issue.RegisterAsync(tx, entry, caller, reach, catalog, owner, draft, PublicKeyMaterial.Read(request));
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw CredentialProblems.KeyIdTaken(PublicKeyMaterial.Read(request).KeyId);
        }
    }
}
