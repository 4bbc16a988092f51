using Tokenry.Protocol.Access;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;

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

    /// <summary>What it is bound to.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    /// <summary>Of an exchange: what kind of token it is (<see cref="TokenType"/>), which RFC 8693 §2.2.1 wants said.</summary>
    public string? IssuedTokenType { get; init; }

    /// <summary>Of an exchange: what was exchanged; else it is the client's own.</summary>
    public Authenticated? Subject { get; init; }

    /// <summary><c>token_type</c>: how it is to be presented. A token bound to a certificate is a bearer token in this (RFC 8705 §3).</summary>
    public string Type => Confirmation?.KeyThumbprint is null ? "Bearer" : "DPoP";
}
