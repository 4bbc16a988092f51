using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth;

/// <summary><c>POST /oauth/token</c> (RFC 6749 §3.2): authenticates the client, finds what to bind the token to, and runs the requested grant.</summary>
public sealed partial class TokenEndpoint(
    ClientAuthenticator clients,
    SenderConstraint senderConstraint,
    IEnumerable<IGrant> grants,
    UseRecorder recorder,
    ILogger<TokenEndpoint> logger
)
{
    private readonly IGrant[] grants = [.. grants];

    public async Task ServeAsync(HttpContext context, FormParameters form)
    {
        var grant = Find(form["grant_type"]);
        var client = await clients.AuthenticateAsync(
            context,
            form,
            takesPublic: true,
            takesSubject: grant is { SubjectMayAuthenticate: true }
        );
        var certificate = ClientCertificate.Of(context);
        var (confirmation, onceOnly) = senderConstraint.Read(context, client, certificate);
        var request = new TokenRequest(client, form, confirmation) { Proof = onceOnly, Certificate = certificate };
        if (grant is null)
        {
            throw form["grant_type"] is null
                ? OAuthError.InvalidRequest("grant_type is missing")
                : OAuthError.UnsupportedGrantType(grants.Select(known => known.Name));
        }

        var issued = await grant.RunAsync(request);
        await senderConstraint.UseUpAsync(onceOnly);
        recorder.Issued(
            new Use
            {
                Door = DoorNames.Token,
                Result = Use.Issued,
                Credential = issued.Subject ?? client.Credential,
                Actor = issued.Subject is { } subject && subject.Owner.Id != client.Principal.Id ? client.Principal.Id : null,
                GrantType = grant.Name,
                Api = issued.Api,
                Scopes = issued.Scope,
                From = UseCircumstances.Of(client.Request),
                TokenId = issued.TokenId,
                AuthMethod = client.AuthMethod,
                SteppedDown = SteppedDown(client),
                BoundBy = issued.Confirmation switch
                {
                    null => null,
                    { KeyThumbprint: not null } => "dpop",
                    _ => "mtls",
                },
            },
            grant.Name
        );
        LogIssued(issued.TokenId, client.Principal.Id, client.CredentialId);
        JsonAnswer.WriteObject(
            context.Response,
            issued,
            static (json, issued) =>
            {
                json.WriteString("access_token"u8, issued.AccessToken);
                if (issued.IssuedTokenType is { } type)
                {
                    json.WriteString("issued_token_type"u8, type);
                }

                json.WriteString("token_type"u8, issued.Type);
                json.WriteNumber("expires_in"u8, (long)issued.Lifetime.TotalSeconds);
                json.WriteString("scope"u8, issued.Scope.ToString());
            }
        );
    }

    private IGrant? Find(string? name)
    {
        foreach (var grant in grants)
        {
            if (grant.Name == name)
            {
                return grant;
            }
        }

        return null;
    }

    /// <summary>
    /// A client with several methods lists the preferred one first. The server cannot know why it used another one, so it only records this in the audit.
    /// </summary>
    private static string? SteppedDown(Caller client) =>
        client.Principal.Client.Methods is [var preferred, _, ..] && client.AuthMethod is { } used && used != preferred
            ? $"{used} was used, {preferred} is preferred"
            : null;

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Issued access token {TokenId} to {ClientId} by {CredentialId}")]
    private partial void LogIssued(string tokenId, string clientId, string? credentialId);
}
