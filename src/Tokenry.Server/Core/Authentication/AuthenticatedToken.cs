using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>An access token of ours that was presented.</summary>
public sealed class AuthenticatedToken : Authenticated
{
    /// <param name="verified">Its verified signature and claims.</param>
    /// <param name="credential">The credential it was issued to.</param>
    /// <param name="subject">Its subject, whose rights it has.</param>
    /// <param name="client">The application it was issued to.</param>
    internal AuthenticatedToken(VerifiedTokens.Entry verified, CredentialFacts credential, PrincipalFacts subject, PrincipalFacts client)
        : base(subject)
    {
        Verified = verified;
        Stored = credential;
        Holder = client;
    }

    internal VerifiedTokens.Entry Verified { get; }

    /// <summary>The credential it was issued to. It may no longer be valid itself, for it may have expired since.</summary>
    public override CredentialFacts Stored { get; }

    public override PrincipalFacts Holder { get; }

    public override AccessToken Token => Verified.Token;

    public override string Kind => CredentialKind.AccessToken;

    public override string CredentialId => Stored.Id;

    public override DateTimeOffset? ExpiresAt => Token.ExpiresAt;

    public override string Subject => Token.Subject;

    public override IReadOnlyList<string>? ObjectTexts => Token.Objects;

    public override long TokensSince => Math.Max(Stored.TokensSince, Math.Max(Owner.TokensSince, Holder.TokensSince));

    /// <summary>When it was made, in Unix ms, by its <c>jti</c>.</summary>
    private long MadeAt => Verified.MadeAt;

    public override bool IsTokenFor(ApiResourceFacts api) => MadeAt >= api.CreatedAt && Token.IsFor(api.Identifier);

    public override bool IsTokenForAny(Catalog catalog)
    {
        foreach (var audience in Token.Audience)
        {
            if (catalog.Resource(audience) is { } api && IsTokenFor(api))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What the token names, limited to scopes that are as old as the token. It names no more than the key or personal access token it was exchanged for
    /// allows now. Its <c>scope</c> already holds the implied scopes, so that a resource server that checks it offline sees the same.
    /// </summary>
    public override ScopeSet NamedAt(ApiResourceFacts api)
    {
        if (!IsTokenFor(api))
        {
            return ScopeSet.Empty;
        }

        var said = api.Register.Creations.NotAfter(Token.Scope, MadeAt);
        return Stored.Permissions is { } grants ? said.Intersect(grants.In(OrganizationId).At(api)) : said;
    }

    public override ScopeSet? PassedAt(ApiResourceFacts api) =>
        Token.PassedScopes?.GetValueOrDefault(api.Id) is { } scopes ? api.Register.Creations.NotAfter(scopes, MadeAt) : null;
}
