namespace Tokenry.Server.Features.OAuth;

/// <summary>The kinds of token in an exchange (RFC 8693 §3), and our own kinds that have no registered name.</summary>
public static class TokenType
{
    /// <summary>Any token that an API accepts here: our own JWT, an API key, a personal access token.</summary>
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>As a subject token: another issuer's token. As a requested token: our access token, which is a JWT.</summary>
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";

    public const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    public const string PersonalAccessToken = "urn:tokenry:token-type:personal_access_token";

    public const string ApiKey = "urn:tokenry:token-type:api_key";

    /// <summary>The name that Logto's clients use.</summary>
    public const string LogtoPersonalAccessToken = "urn:logto:token-type:personal_access_token";

    /// <summary>Whether a subject token of that kind is from another issuer.</summary>
    public static bool IsFederated(string? type) => type is Jwt or IdToken;
}
