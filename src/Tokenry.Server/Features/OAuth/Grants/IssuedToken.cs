using Tokenry.Protocol.Access;
using Tokenry.Server.Foundation.Access;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>What a grant answers.</summary>
public sealed class IssuedToken(string accessToken, string tokenId, ApiResourceFacts api, TimeSpan lifetime, ScopeSet scope)
{
    public string AccessToken => accessToken;

    /// <summary>The token's <c>jti</c>.</summary>
    public string TokenId => tokenId;

    /// <summary>What it is good for.</summary>
    public ApiResourceFacts Api => api;

    public TimeSpan Lifetime => lifetime;

    public ScopeSet Scope => scope;
}
