using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.ClientAuthentication;

/// <summary><c>client_secret_basic</c> (RFC 6749 §2.3.1): id and secret are form-urlencoded first, then joined as RFC 7617 specifies.</summary>
public sealed class ClientSecretBasic(OpaqueCredentialScheme opaque) : IClientAuthenticationMethod
{
    public IReadOnlyList<string> Names { get; } = [ClientAuthenticationMethod.ClientSecretBasic];

    public CredentialPlace Place => CredentialPlace.Header;

    public PresentedClient Read(in ClientRequest request) => Read(request.Headers);

    internal static PresentedClient Read(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (!BasicPair.IsBasic(authorization))
        {
            return default;
        }

        return
            BasicPair.TryRead(authorization, out var user, out var password)
            && FormParameters.TryDecode(user, out var id)
            && FormParameters.TryDecode(password, out var secret)
            ? new PresentedClient(ClientAuthenticationMethod.ClientSecretBasic, id, secret)
            : new PresentedClient(ClientAuthenticationMethod.ClientSecretBasic);
    }

    public async ValueTask<ProvedClient> AuthenticateAsync(PresentedClient presented) =>
        presented.Proof is { } secret ? new(await opaque.AuthenticateAsync(secret)) : ProvedClient.Malformed;
}
