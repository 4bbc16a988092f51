namespace Tokenry.Server.Foundation.Authentication;

/// <summary>The one authenticator for every carrier and every door: the string's own shape decides whose it is.</summary>
public sealed class Authenticator(OpaqueCredentialScheme opaque, AccessTokenScheme accessTokens)
{
    public ValueTask<Authenticated> AuthenticateAsync(string presented) =>
        AccessTokenScheme.Claims(presented) ? accessTokens.AuthenticateAsync(presented) : opaque.AuthenticateAsync(presented);
}
