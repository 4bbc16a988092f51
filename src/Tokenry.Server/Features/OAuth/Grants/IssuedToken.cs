using Tokenry.Protocol.Access;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>The token that a grant issues.</summary>
public sealed class IssuedToken(string accessToken, string tokenId, ApiResourceFacts api, TimeSpan lifetime, ScopeSet scope)
{
    public string AccessToken => accessToken;

    /// <summary>The token's <c>jti</c>.</summary>
    public string TokenId => tokenId;

    /// <summary>The scopes of the token.</summary>
    public ApiResourceFacts Api => api;

    public TimeSpan Lifetime => lifetime;

    public ScopeSet Scope => scope;

    /// <summary>The key or certificate that the token is bound to.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    /// <summary>For an exchange: the kind of the issued token (<see cref="TokenType"/>), as RFC 8693 §2.2.1 requires.</summary>
    public string? IssuedTokenType { get; init; }

    /// <summary>For an exchange: the subject token's credential; else the client's own.</summary>
    public Authenticated? Subject { get; init; }

    /// <summary><c>token_type</c>: how the client presents the token. A token bound to a certificate counts as a bearer token here (RFC 8705 §3).</summary>
    public string Type => Confirmation?.KeyThumbprint is null ? "Bearer" : "DPoP";
}
