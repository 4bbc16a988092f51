using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>Signs the access token of a grant, the same way for every grant.</summary>
public static class AccessTokenGrant
{
    private static readonly string TooLong =
        $"the access token would be longer than {CompactJws.MaxLength} characters, which is the most that any door reads: ";

    /// <exception cref="OAuthError">400 <c>invalid_scope</c>: the token would be too long for a request header.</exception>
    public static (string Token, string TokenId) Sign(AccessTokenWriter writer, AccessTokenClaims claims, ApiResourceFacts api)
    {
        try
        {
            return writer.Write(claims, api.AccessTokenSigningAlg);
        }
        catch (TokenTooLongException)
        {
            throw OAuthError
                .InvalidScope(
                    TooLong
                        + (
                            claims.Objects is null
                                ? "name the scopes you need in scope"
                                : "name the scopes you need in scope, or use a credential that is limited to fewer objects"
                        )
                )
                .Because("token_too_long");
        }
    }
}
