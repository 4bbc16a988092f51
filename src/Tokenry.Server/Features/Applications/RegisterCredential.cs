using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// What registering is for every kind of credential that an application brings itself. It may have several at once, so that one can follow the other without
/// downtime.
/// </summary>
public sealed class RegisterCredential(IdempotentGate gate, IssueCredential issue)
{
    /// <summary>Of one application and kind, neither revoked nor replaced by a renewal: a stranger's request has the server look at them by naming the application.</summary>
    public const int Most = 100;

    /// <summary>Of those that go by no name (rules for certificates, federated identities): each may cost a look at a signature.</summary>
    public const int MostNameless = 20;

    /// <param name="caller">Who asks.</param>
    /// <param name="applicationId">Whose it will be.</param>
    /// <param name="family">Its kind.</param>
    /// <param name="read">Reads what was asked for, behind the Gate, so that who may not ask is told so and nothing else.</param>
    public async Task<Credential> RunAsync(
        Caller caller,
        string applicationId,
        CredentialFamily family,
        Func<(CredentialDraft Draft, RegisteredMaterial Material)> read
    )
    {
        string? keyId = null;
        try
        {
            return await gate.WriteAsync(
                caller,
                family.Write,
                $"{family.Noun}.created",
                async operation =>
                {
                    var owner = await PrincipalOperations.FindOwnerAsync(operation, PrincipalAddress.Application(applicationId));
                    var (draft, material) = read();
                    keyId = material.KeyId;
                    await CheckCapAsync(operation.Transaction, owner, family, material);
                    return await issue.RegisterAsync(operation, owner, draft, material);
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw CredentialProblems.KeyIdTaken(keyId);
        }
    }

    private static async Task CheckCapAsync(WriteTransaction tx, PrincipalFacts owner, CredentialFamily family, RegisteredMaterial material)
    {
        var nameless = material.KeyId is null;
        var most = nameless ? MostNameless : Most;
        if (await CredentialStore.CountRegisteredAsync(tx, owner.Id, material.Kind, most, nameless) >= most)
        {
            var what = nameless && material.Kind == CredentialKind.Certificate ? "rules for certificates (tls_client_auth)" : family.Plural;
            throw Caps.Reached($"The application has {most} {what}, the most there may be. Revoke one first.", most);
        }
    }
}
