using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Usage;

namespace Tokenry.Server.Features.OAuth;

/// <summary><c>POST /oauth/token</c> (RFC 6749 §3.2): parse, authenticate the client, find the grant, run it.</summary>
public sealed partial class TokenEndpoint(
    ClientAuthenticator clients,
    ClientCredentials clientCredentials,
    UseRecorder recorder,
    ILogger<TokenEndpoint> logger
)
{
    public static readonly IReadOnlyList<string> GrantTypes = [ClientCredentials.Name];

    public async Task ServeAsync(HttpContext context, FormParameters form)
    {
        var client = await clients.AuthenticateAsync(context, form);
        var grant = form["grant_type"];
        var issued = grant switch
        {
            ClientCredentials.Name => await clientCredentials.RunAsync(client, form),
            null => throw OAuthError.InvalidRequest("grant_type is missing"),
            _ => throw OAuthError.UnsupportedGrantType(),
        };
        recorder.Issued(
            new Use
            {
                Door = Doors.Token,
                Code = Use.Issued,
                Credential = client.Credential,
                Api = issued.Api,
                Scopes = issued.Scope,
                From = UseCircumstances.Of(client.Request),
                TokenId = issued.TokenId,
            },
            grant
        );
        LogIssued(issued.TokenId, client.Principal.Id, client.CredentialId);
        JsonAnswer.WriteObject(
            context.Response,
            issued,
            static (json, issued) =>
            {
                json.WriteString("access_token"u8, issued.AccessToken);
                json.WriteString("token_type"u8, "Bearer"u8);
                json.WriteNumber("expires_in"u8, (long)issued.Lifetime.TotalSeconds);
                json.WriteString("scope"u8, issued.Scope.ToString());
            }
        );
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Issued access token {TokenId} to {ClientId} by {CredentialId}")]
    private partial void LogIssued(string tokenId, string clientId, string? credentialId);
}
