using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary><c>client_secret_post</c> (RFC 6749 §2.3.1): <c>client_id</c> and <c>client_secret</c> in the body.</summary>
public sealed class ClientSecretPost(OpaqueCredentialScheme opaque) : IClientAuthenticationMethod
{
    public IReadOnlyList<string> Names { get; } = [ClientAuthenticationMethod.ClientSecretPost];

    public CredentialPlace Place => CredentialPlace.Form;

    public PresentedClient Read(in ClientRequest request) =>
        request.Form["client_secret"] is { } secret
            ? new PresentedClient(ClientAuthenticationMethod.ClientSecretPost, request.Form["client_id"], secret)
            : default;

    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented) =>
        presented is { ClientId: not null, Proof: { } secret } ? new(await opaque.AuthenticateAsync(secret)) : ProvedClient.Malformed;
}
