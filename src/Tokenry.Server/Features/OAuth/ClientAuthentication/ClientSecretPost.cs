using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary><c>client_secret_post</c> (RFC 6749 §2.3.1): <c>client_id</c> and <c>client_secret</c> in the body.</summary>
public static class ClientSecretPost
{
    public static PresentedClient Read(FormParameters form) =>
        form["client_secret"] is { } secret
            ? new PresentedClient(ClientAuthenticationMethod.ClientSecretPost, form["client_id"], secret)
            : default;
}
