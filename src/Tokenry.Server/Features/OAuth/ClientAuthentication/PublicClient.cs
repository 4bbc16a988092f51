using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary>
/// <c>none</c> (RFC 6749 §2.1): an application that is registered as public names itself and proves nothing. Any other application may use it only to
/// exchange one of its own API keys: the key is the proof.
/// </summary>
public sealed class PublicClient(OpaqueCredentialScheme opaque, PrincipalCache principals) : IClientAuthenticationMethod
{
    public IReadOnlyList<string> Names { get; } = [ClientAuthenticationMethod.None];

    public CredentialPlace Place => CredentialPlace.Elsewhere;

    public bool IsProof => false;

    public PresentedClient Read(in ClientRequest request) =>
        request.TakesPublic && request.Form["client_id"] is { } id
            ? new PresentedClient(ClientAuthenticationMethod.None, id, request.TakesSubject ? request.Form["subject_token"] : null)
            : default;

    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented)
    {
        var clientId = presented.ClientId!;
        if (await principals.ClientAsync(clientId) is not { } client)
        {
            return new(AuthenticationFailure.Of(VerificationCode.Unknown));
        }

        if (client.Client.IsPublic)
        {
            return new(NamedApplication.Judge(client));
        }

        return
            client.Client.Methods is null
            && presented.Proof is { } key
            && await opaque.AuthenticateAsync(key) is { Kind: CredentialKind.ApiKey } own
            && own.OwnerId == clientId
            ? new(own) { IsSubjectToken = true }
            : new(AuthenticationFailure.Of(ClientAuthenticator.MethodNotAllowed));
    }

    /// <summary>A public client has no credential; any other client has its API key.</summary>
    public bool Accepts(string? kind) => true;
}
