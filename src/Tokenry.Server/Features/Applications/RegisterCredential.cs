using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Registers a credential that the application brings itself, whatever its kind. An application may have several, so that the client can
/// switch without downtime.
/// </summary>
public sealed class RegisterCredential(IdempotentGate gate, IssueCredential issue)
{
    /// <summary>
    /// The limit per application and kind; revoked and renewed credentials do not count. Any client can make the server check them all by
    /// naming the application.
    /// </summary>
    public const int Most = 100;

    /// <summary>
    /// The limit on credentials without a key id (certificate rules, federated identities): a request may cost one signature check for each.
    /// </summary>
    public const int MostNameless = 20;

    /// <param name="caller">The caller.</param>
    /// <param name="applicationId">The application that will own the credential.</param>
    /// <param name="family">The credential family.</param>
    /// <param name="read">Reads the request. It runs after the Gate, so that an unauthorized caller learns nothing about the content.</param>
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
            throw Caps.Reached($"The application has {most} {what}, which is the limit. Revoke one first.", most);
        }
    }
}
