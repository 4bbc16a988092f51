using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.OAuth;

/// <summary><c>POST /oauth/revoke</c> (RFC 7009): a client revokes its own access tokens and API keys.</summary>
public sealed class RevocationEndpoint(
    ClientAuthenticator clients,
    Authenticator authenticator,
    RevokeCredential revokeCredential,
    Gate gate
)
{
    public async Task ServeAsync(HttpContext context, FormParameters form)
    {
        var client = await clients.AuthenticateAsync(context, form, takesPublic: true);
        var token = form["token"] ?? throw OAuthError.InvalidRequest("token is missing");
        // The form of the token alone decides, so that the answer does not reveal whether it is valid.
        if (CredentialString.TryParse(token, out var parsed) && parsed.Kind is not CredentialKinds.ApiKey)
        {
            throw OAuthError.UnsupportedTokenType();
        }

        await RevokeAsync(client, await authenticator.AuthenticateAsync(token));
    }

    /// <summary>If the token is unknown, expired or already revoked, the client has what it wants (RFC 7009 §2.2): 200.</summary>
    private async Task RevokeAsync(Caller client, AuthenticationResult presented)
    {
        if (presented.Kind is null || presented.Code is VerificationCode.Revoked or VerificationCode.Expired)
        {
            return;
        }

        if (presented.HolderId != client.Principal.Id)
        {
            throw OAuthError.InvalidGrant("the token was not issued to this client");
        }

        if (presented is { Token: null, Stored: { } stored })
        {
            await revokeCredential.RunOwnAsync(
                client,
                new CredentialAddress(CredentialFamily.ApiKeys, stored.Id, client.Principal.Id),
                reason: "revoked by its client"
            );
        }
        else if (presented.Token is { } accessToken)
        {
            await RevokeAsync(client, accessToken);
        }
    }

    private Task RevokeAsync(Caller client, AccessToken accessToken) =>
        gate.WriteAsync(
            client,
            demand: null,
            "access_token.revoked",
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                entry.TargetType = CredentialKind.AccessToken;
                entry.TargetId = accessToken.TokenId;
                entry.Api = accessToken.Audience[0];
                await RevokedAccessTokens.AddAsync(tx, accessToken.TokenId, accessToken.ExpiresAt);
                return true;
            }
        );
}
