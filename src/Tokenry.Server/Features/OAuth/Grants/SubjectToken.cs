using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth.Grants;

/// <summary>
/// The subject token of a token exchange (RFC 8693 §2.1): well-formed, but not validated. A class and not a record: a record would print the token.
/// </summary>
public sealed class SubjectToken
{
    private SubjectToken(string text, string type, string issuedType) => (Text, Type, IssuedType) = (text, type, issuedType);

    public string Text { get; }

    /// <summary>One of <see cref="TokenType"/>.</summary>
    public string Type { get; }

    /// <summary>The requested kind of token: one of <see cref="TokenType"/>.</summary>
    public string IssuedType { get; }

    /// <exception cref="OAuthError">400 <c>invalid_request</c>.</exception>
    public static SubjectToken Read(FormParameters form)
    {
        if ((form["actor_token"] ?? form["actor_token_type"]) is not null)
        {
            throw OAuthError.InvalidRequest("actor tokens are not taken: the client that authenticates is the actor");
        }

        var text = form["subject_token"] ?? throw OAuthError.InvalidRequest("subject_token is missing");
        var type = form["subject_token_type"] ?? throw OAuthError.InvalidRequest("subject_token_type is missing");
        var wanted = form["requested_token_type"] ?? TokenType.AccessToken;
        if (
            type
            is not (
                TokenType.AccessToken
                or TokenType.Jwt
                or TokenType.IdToken
                or TokenType.PersonalAccessToken
                or TokenType.LogtoPersonalAccessToken
                or TokenType.ApiKey
            )
        )
        {
            throw OAuthError.InvalidRequest("the subject_token_type is not supported");
        }

        return wanted is TokenType.AccessToken or TokenType.Jwt
            ? new SubjectToken(text, type, wanted)
            : throw OAuthError.InvalidRequest("the requested_token_type is not supported");
    }
}
