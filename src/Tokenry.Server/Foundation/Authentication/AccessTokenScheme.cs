using Tokenry.Protocol.Jose;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Signing;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>Our own JWTs (RFC 9068): signature and claims, then what no offline check can know: the deny list, the application and the credential that bought it.</summary>
public sealed class AccessTokenScheme(
    SigningKeys signingKeys,
    RevokedAccessTokens revoked,
    CredentialCache credentials,
    PrincipalCache principals,
    TokenryOptions options,
    TimeProvider time
)
{
    private readonly AccessTokenValidator validator = new(options.Issuer, time);

    /// <summary>Whether the presented string is shaped like a JWT and not like one of our opaque strings.</summary>
    public static bool Claims(string presented) =>
        presented.StartsWith("eyJ", StringComparison.Ordinal) || presented.Contains('.', StringComparison.Ordinal);

    public async ValueTask<Authenticated> AuthenticateAsync(string presented)
    {
        var result = validator.Validate(presented, signingKeys.Find);
        if (result.Fault == AccessTokenFault.UnknownKey && await signingKeys.LearnAsync())
        {
            result = validator.Validate(presented, signingKeys.Find);
        }

        if (result.Token is not { } token)
        {
            return Authenticated.Failed(
                result.Fault switch
                {
                    AccessTokenFault.Malformed or AccessTokenFault.WrongType or AccessTokenFault.InvalidClaims =>
                        VerificationCode.Malformed,
                    AccessTokenFault.NotYetValid => VerificationCode.NotYetValid,
                    _ => VerificationCode.Unknown,
                }
            );
        }

        var owner = await principals.GetAsync(token.ClientId);
        var credential = token.CredentialId is { } id ? await credentials.GetAsync(id) : null;
        var code =
            await revoked.ContainsAsync(token.TokenId) || credential is not { Revoked: false } ? VerificationCode.Revoked
            : owner is not { Active: true } ? VerificationCode.OwnerDisabled
            : result.Fault == AccessTokenFault.Expired ? VerificationCode.Expired
            : VerificationCode.Valid;
        return Authenticated.Jwt(code, token, credential, owner);
    }
}
