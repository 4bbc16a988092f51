namespace Tokenry.Server.Core.Authentication;

/// <summary>The one authenticator for every carrier and every door: the string's own shape decides whose it is, or the request's signature.</summary>
public sealed class Authenticator(OpaqueCredentialScheme opaque, AccessTokenScheme accessTokens, MessageSignatures signatures)
{
    /// <param name="presented">What was presented; <c>null</c> = nothing but a signature.</param>
    /// <param name="proof">What came beside it, or instead.</param>
    public ValueTask<AuthenticationResult> AuthenticateAsync(string? presented, PresentedProof? proof) =>
        presented is not null ? AuthenticateAsync(presented)
        : proof?.Signed is { } signed ? signatures.AuthenticateAsync(signed)
        : new(NotRequested.Instance);

    public ValueTask<AuthenticationResult> AuthenticateAsync(string presented) =>
        AccessTokenScheme.Claims(presented) ? accessTokens.AuthenticateAsync(presented) : opaque.AuthenticateAsync(presented);
}
