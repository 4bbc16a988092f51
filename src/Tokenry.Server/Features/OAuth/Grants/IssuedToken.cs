using Tokenry.Protocol.Access;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>What a grant answers.</summary>
public sealed class IssuedToken(string accessToken, string tokenId, TimeSpan lifetime, ScopeSet scope)
{
    public string AccessToken => accessToken;

    /// <summary>The token's <c>jti</c>.</summary>
    public string TokenId => tokenId;

    public TimeSpan Lifetime => lifetime;

    public ScopeSet Scope => scope;
}
