using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// What registering is for every kind of credential that an application brings itself. It may have several at once, so that one can follow the other without
/// downtime.
/// </summary>
public sealed class RegisterCredential(Gate gate, IssueCredential issue)
{
    /// <param name="caller">Who asks.</param>
    /// <param name="applicationId">Whose it will be.</param>
    /// <param name="family">Its kind.</param>
    /// <param name="read">Reads what was asked for, behind the Gate, so that who may not ask is told so and nothing else.</param>
    /// <param name="most">How many that are not revoked the application may have.</param>
    public async Task<Credential> RunAsync(
        Caller caller,
        string applicationId,
        CredentialFamily family,
        Func<(CredentialDraft Draft, RegisteredMaterial Material)> read,
        int most = int.MaxValue
    )
    {
        string? keyId = null;
        try
        {
            return await gate.WriteOnceAsync(
                caller,
                family.Write,
                $"{family.Noun}.created",
                async operation =>
                {
                    var (tx, entry, caller, reach, catalog) = operation;
                    var owner = await PrincipalOperations.FindOwnerAsync(tx, reach, PrincipalType.Application, applicationId);
                    if (most < int.MaxValue && await CredentialStore.CountAsync(tx, owner.Id, family.Kinds[0]) >= most)
                    {
                        throw Caps.Reached($"The application has {most} {family.Plural}, the most there may be. Revoke one first.", most);
                    }

                    var (draft, material) = read();
                    keyId = material.KeyId;
                    return await issue.RegisterAsync(tx, entry, caller, reach, catalog, owner, draft, material);
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw CredentialProblems.KeyIdTaken(keyId);
        }
    }
}
