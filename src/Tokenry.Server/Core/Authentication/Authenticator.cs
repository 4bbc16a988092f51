using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The one authenticator for every carrier and every door. The form of the presented string, or the request's signature, selects the scheme.
/// </summary>
public sealed class Authenticator(
    OpaqueCredentialScheme opaque,
    AccessTokenScheme accessTokens,
    MessageSignatures signatures,
    PrincipalCache principals
)
{
    /// <param name="presented">The presented string; <c>null</c> = only a signature.</param>
    /// <param name="proof">The proof beside the string, or instead of it.</param>
    public ValueTask<AuthenticationResult> AuthenticateAsync(string? presented, PresentedProof? proof) =>
        presented is not null ? AuthenticateAsync(presented)
        : proof?.Signed is { } signed ? signatures.AuthenticateAsync(signed)
        : new(NotRequested.Instance);

    public ValueTask<AuthenticationResult> AuthenticateAsync(string presented) =>
        AccessTokenScheme.Claims(presented) ? accessTokens.AuthenticateAsync(presented) : opaque.AuthenticateAsync(presented);

    /// <summary>The same credential as it acts in that organization, or unchanged if it does not act there.</summary>
    /// <param name="credential">The credential.</param>
    /// <param name="organizationId">The organization, which may not exist.</param>
    public async ValueTask<Authenticated> InOrganizationAsync(Authenticated credential, string organizationId) =>
        credential.Stored?.Permissions?.Names(organizationId) == true
        && await principals.GetAsync(credential.OwnerId, organizationId) is { Active: true } owner
            ? credential.Acting(owner) ?? credential
            : credential;
}
