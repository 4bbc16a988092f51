using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary><c>client_secret_post</c> (RFC 6749 §2.3.1): <c>client_id</c> and <c>client_secret</c> in the body.</summary>
public static class ClientSecretPost
{
    public const string Name = "client_secret_post";

    public static PresentedClient Read(FormParameters form) =>
        form["client_secret"] is { } secret
            ? new PresentedClient(IsRequested: true, form["client_id"], secret)
            : PresentedClient.NotRequested;
}
