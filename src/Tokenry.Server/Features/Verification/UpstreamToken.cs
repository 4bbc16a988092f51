using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;

namespace Tokenry.Server.Features.Verification;

/// <summary>
/// <c>&amp;as=jwt</c>: a token that the API behind a proxy may check itself or pass on. It never lives longer than the presented credential. A presented
/// access token is passed on unchanged: a client cannot renew a token at a door.
/// </summary>
public sealed partial class UpstreamToken(AccessTokenWriter writer, UseRecorder recorder, TimeProvider time, ILogger<UpstreamToken> logger)
{
    /// <summary>The name of this way to get a token in records and metrics.</summary>
    private const string Grant = "forward_auth";

    /// <summary>Longer than a proxied request takes, but too short to be useful to an attacker.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Empty if the server cannot make a token: the credential has no subject, or the token could not express the credential's limits.</summary>
    public string For(Catalog catalog, ApiResourceFacts api, in Verdict verdict, string? presented, in UseCircumstances from)
    {
        if (verdict.Credential is not AuthenticatedCredential credential)
        {
            return presented ?? "";
        }

        // The verdict may count a role that the owner has on the asked object only; the token says what counts for all its objects, as every access token does.
        var scopes = credential.Owner.HasObjectRoles ? verdict.Scopes.Intersect(Rights.Of(catalog, credential, api)) : verdict.Scopes;
        var lifetime = credential.ExpiresAt is { } end && end - time.GetUtcNow() is var left && left < Longest ? left : Longest;
        if (
            credential.Subject is not { } subject
            || credential.ObjectTexts is not null && !api.ObjectsInTokens
            || lifetime < TimeSpan.FromSeconds(1)
        )
        {
            return "";
        }

        var (token, tokenId) = writer.Write(
            new AccessTokenClaims
            {
                Audience = api.Identifier,
                Subject = subject,
                ClientId = credential.Owner.Id,
                Scope = scopes,
                CredentialId = credential.CredentialId,
                OrganizationId = credential.OrganizationId,
                Objects = credential.ObjectTexts,
                Lifetime = lifetime,
                Since = Math.Max(api.NamesSince, credential.TokensSince),
            },
            api.AccessTokenSigningAlg
        );
        recorder.Issued(
            new Use
            {
                Door = DoorNames.Token,
                Result = Use.Issued,
                Credential = credential,
                Api = api,
                Scopes = scopes,
                From = from,
                TokenId = tokenId,
            },
            Grant
        );
        LogIssued(tokenId, credential.Owner.Id, credential.CredentialId);
        return token;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Issued access token {TokenId} for {Subject} by {CredentialId}")]
    private partial void LogIssued(string tokenId, string subject, string credentialId);
}
