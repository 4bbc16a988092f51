namespace Tokenry.Server.Features.OAuth;

/// <summary>The kinds of token an exchange knows (RFC 8693 §3), and those of our own that have no registered name.</summary>
public static class TokenType
{
    /// <summary>Whatever opens an API here: our own JWT, an API key, a personal access token.</summary>
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>As a subject token another issuer's; as what is asked for our access token, which is one.</summary>
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";

    public const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    public const string PersonalAccessToken = "urn:tokenry:token-type:personal_access_token";

    public const string ApiKey = "urn:tokenry:token-type:api_key";

    /// <summary>What Logto's clients call it.</summary>
    public const string LogtoPersonalAccessToken = "urn:logto:token-type:personal_access_token";

    /// <summary>Whether a subject token of that kind is another issuer's.</summary>
    public static bool IsFederated(string? type) => type is Jwt or IdToken;
}
