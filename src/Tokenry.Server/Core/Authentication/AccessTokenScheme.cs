using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Our own JWTs (RFC 9068). The scheme checks signature and claims, then what an offline check cannot know: the deny list, the application and the credential
/// that bought the token.
/// </summary>
public sealed class AccessTokenScheme(
    SigningKeyRing signingKeys,
    RevokedAccessTokens revoked,
    CredentialCache credentials,
    PrincipalCache principals,
    TokenryOptions options,
    TimeProvider time
)
{
    private readonly AccessTokenValidator validator = new(options.Issuer, time);
    private readonly VerifiedTokens verified = new();
    private readonly Func<string, VerificationKey?> findKey = signingKeys.Find;

    /// <summary>Whether the presented string is shaped like a JWT and not like one of our opaque strings.</summary>
    public static bool Claims(string presented) =>
        presented.StartsWith("eyJ", StringComparison.Ordinal) || presented.Contains('.', StringComparison.Ordinal);

    public async ValueTask<AuthenticationResult> AuthenticateAsync(string presented)
    {
        await signingKeys.CatchUpAsync();
        var fault = AccessTokenFault.None;
        if (!verified.TryGet(presented, findKey, out var known))
        {
            (fault, known) = Verify(presented);
            if (fault == AccessTokenFault.UnknownKey && await signingKeys.LearnAsync())
            {
                (fault, known) = Verify(presented);
            }

            if (known is null)
            {
                return AuthenticationFailure.Of(
                    fault switch
                    {
                        AccessTokenFault.Malformed or AccessTokenFault.WrongType or AccessTokenFault.InvalidClaims =>
                            VerificationCode.Malformed,
                        _ => VerificationCode.Unknown,
                    }
                );
            }
        }

        return await JudgeAsync(known, isEarly: fault == AccessTokenFault.NotYetValid);
    }

    /// <summary>Judges the same token by the current facts. Its key must still be one that signs.</summary>
    internal async ValueTask<AuthenticationResult> AgainAsync(AuthenticatedToken before)
    {
        await signingKeys.CatchUpAsync();
        var known = before.Verified;
        return ReferenceEquals(findKey(known.Key.KeyId), known.Key)
            ? await JudgeAsync(known, isEarly: false)
            : AuthenticationFailure.Of(VerificationCode.Unknown);
    }

    private async ValueTask<AuthenticationResult> JudgeAsync(VerifiedTokens.Entry known, bool isEarly)
    {
        var token = known.Token;
        // The subject of an exchanged token is another principal, whose rights it has; the client only acts for it (RFC 8693 §1.1).
        var owner = await principals.GetAsync(token.Subject, token.OrganizationId);
        var client = token.Subject == token.ClientId ? owner : await principals.GetAsync(token.ClientId);
        var credential = token.CredentialId is { } id ? await credentials.GetAsync(id) : null;
        var code =
            await revoked.ContainsAsync(token.TokenId)
            || credential is not { Revoked: false }
            || IsOutlived(known, credential, owner, client)
                ? VerificationCode.Revoked
            : credential.Disabled ? VerificationCode.Disabled
            : owner is not { Active: true } || client is not { Active: true } ? VerificationCode.OwnerDisabled
            // An application that came to an organization, or left it, after the token was issued.
            : owner.ActsIn != token.OrganizationId ? VerificationCode.OwnerDisabled
            : isEarly || credential.IsPending ? VerificationCode.NotYetValid
            // RFC 7519 §4.1.4: on or after exp the token is not accepted.
            : time.GetUtcNow() >= token.ExpiresAt ? VerificationCode.Expired
            : VerificationCode.Valid;
        return code == VerificationCode.Valid && credential is not null && owner is not null && client is not null
            ? new AuthenticatedToken(known, credential, owner, client)
            : new AuthenticationFailure(code, token, credential, owner, client);
    }

    /// <summary>Whether the token is older than the last mass revocation of its credential, subject or client.</summary>
    private static bool IsOutlived(VerifiedTokens.Entry known, CredentialFacts credential, PrincipalFacts? owner, PrincipalFacts? client) =>
        Math.Max(credential.TokensSince, Math.Max(owner?.TokensSince ?? 0, client?.TokensSince ?? 0)) is > 0 and var since
        && known.MadeAt < since;

    /// <summary>
    /// Verifies signature and claims. It also verifies a token that is expired or not yet valid: the server can name and revoke it, but does not accept it.
    /// </summary>
    private (AccessTokenFault Fault, VerifiedTokens.Entry? Verified) Verify(string presented)
    {
        VerificationKey? used = null;
        var result = validator.Validate(presented, keyId => used = findKey(keyId));
        if (result.Token is not { } token)
        {
            return (result.Fault, null);
        }

        var entry = new VerifiedTokens.Entry(token, TokenIds.Milliseconds(token.TokenId), used!);
        if (result.IsValid)
        {
            verified.Add(presented, entry);
        }

        return (result.Fault, entry);
    }
}
