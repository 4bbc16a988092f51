using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// What a presented credential turned out to be. <see cref="Code"/> is <c>valid</c> or the first reason why it is not good anywhere; whether
/// it is good <em>for that</em> is decided at the door.
/// </summary>
public sealed class Authenticated
{
    private Authenticated(string code) => Code = code;

    public string Code { get; }

    public bool IsGood => Code == VerificationCode.Valid;

    /// <summary>One of <see cref="CredentialKind"/>; set as soon as the credential is known to be genuine.</summary>
    public string? Kind { get; private init; }

    /// <summary>The opaque credential; for an access token that which authenticated its client.</summary>
    public CredentialFacts? Credential { get; private init; }

    /// <summary>The access token's claims.</summary>
    public AccessToken? Token { get; private init; }

    /// <summary>Whose rights it has: of an access token its subject.</summary>
    public PrincipalFacts? Owner { get; private init; }

    /// <summary>Who holds it: of an access token the application it was issued to, which may act for another; else its owner.</summary>
    public PrincipalFacts? Client { get; private init; }

    /// <summary>When the proof itself expires; <c>null</c> if it does not.</summary>
    private DateTimeOffset? ProvedUntil { get; init; }

    /// <summary>Which of the credential's secrets proved it (<see cref="SecretFacts.Version"/>); <c>null</c> where none did.</summary>
    public long? SecretVersion { get; private init; }

    /// <summary>Of an access token: its verified signature.</summary>
    internal VerifiedTokens.Entry? Verified { get; private init; }

    public string? CredentialId => Token?.CredentialId ?? Credential?.Id;

    /// <summary>The user or application that acts; <c>null</c> for an anonymous key.</summary>
    public string? Subject =>
        Token is not null ? Token.Subject
        : Credential is { IsAnonymous: true } ? null
        : Owner?.Id;

    public string? ApplicationId => Client is { IsUser: false } application ? application.Id : null;

    public string? OrganizationId => Token is null ? Credential?.OrganizationId : null;

    /// <summary>The object patterns it is limited to, as they were written; <c>null</c> = not limited.</summary>
    public IReadOnlyList<string>? ObjectTexts => Token is not null ? Token.Objects : Credential?.Terms.ObjectTexts;

    public DateTimeOffset? ExpiresAt =>
        Token?.ExpiresAt ?? (ProvedUntil is { } end && !(Credential?.ExpiresAt < end) ? end : Credential?.ExpiresAt);

    /// <summary>Of an access token: when it was made, in Unix ms, by its <c>jti</c>.</summary>
    private long MadeAt => Verified!.MadeAt;

    /// <summary>What it names for itself at that API, with all that is implied; <c>null</c> = all its owner's rights, but no management rights.</summary>
    public ScopeSet? NamedAt(ApiResourceFacts api) =>
        Token is { } token ? NamedBy(token, api)
        : Credential is null or { IsAnonymous: true } ? ScopeSet.Empty
        : Credential.Permissions?.At(api);

    /// <summary>Whether it is an access token for that API, and not for an earlier one of the same identifier.</summary>
    public bool IsTokenFor(ApiResourceFacts api) => Token is { } token && MadeAt >= api.CreatedAt && token.IsFor(api.Identifier);

    /// <summary>Whether it is an access token for an API that there is.</summary>
    public bool IsTokenForAny(Catalog catalog) =>
        Token is { } token && token.Audience.Any(audience => catalog.Resource(audience) is { } api && IsTokenFor(api));

    /// <summary>
    /// What it says, of scopes that are as old, and no more than the key or personal access token it was exchanged for is good for now. Its <c>scope</c> holds what
    /// is implied already: who checks it without asking us sees the same.
    /// </summary>
    private ScopeSet NamedBy(AccessToken token, ApiResourceFacts api)
    {
        if (!IsTokenFor(api))
        {
            return ScopeSet.Empty;
        }

        var said = api.Register.Creations.NotAfter(token.Scope, MadeAt);
        return Credential?.Permissions is { } grants ? said.Intersect(grants.At(api)) : said;
    }

    /// <summary>
    /// What an exchange for that API may give at most, by what the tokens could do that this one came through; <c>null</c> = none of them was for that API.
    /// </summary>
    public ScopeSet? PassedAt(ApiResourceFacts api) =>
        Token?.PassedScopes?.GetValueOrDefault(api.Id) is { } scopes ? api.Register.Creations.NotAfter(scopes, MadeAt) : null;

    /// <summary>What the request proved whose signature was its presentation; to be used up (<see cref="MessageSignatures.ClaimAsync"/>).</summary>
    public MessageProof? Signature { get; private set; }

    /// <summary>Unix ms: what an access token's <c>jti</c> must not be older than, if one is bought with this.</summary>
    public long TokensSince => Math.Max(Credential?.TokensSince ?? 0, Math.Max(Owner?.TokensSince ?? 0, Client?.TokensSince ?? 0));

    /// <summary>What may be said of the failure, since the secret or key behind the credential was proved; <c>null</c> = nothing.</summary>
    public string? Hint { get; private init; }

    /// <param name="code">Why it is not good.</param>
    /// <param name="hint">What its holder may be told about it; a constant.</param>
    public static Authenticated Failed(string code, string? hint = null) => new(code) { Hint = hint };

    /// <summary>A credential of the store that made what was presented, which is not good itself.</summary>
    /// <param name="code">Why not.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="owner">Whose it is.</param>
    /// <param name="hint">What its holder may be told about it; a constant.</param>
    public static Authenticated Refused(string code, CredentialFacts credential, PrincipalFacts owner, string? hint) =>
        new(code)
        {
            Kind = credential.Kind,
            Credential = credential,
            Owner = owner,
            Client = owner,
            Hint = hint,
        };

    /// <summary>A credential of the store that was proved: good, or the first reason in its state, its owner's or the time why it is not.</summary>
    /// <param name="credential">The credential.</param>
    /// <param name="owner">Whose it is.</param>
    /// <param name="now">The time.</param>
    /// <param name="secret">Which of its secrets proved it; <c>null</c> where none did.</param>
    /// <param name="provedUntil">When the proof ends, if it does by itself.</param>
    public static Authenticated Stored(
        CredentialFacts credential,
        PrincipalFacts? owner,
        DateTimeOffset now,
        SecretFacts? secret = null,
        DateTimeOffset? provedUntil = null
    ) =>
        Opaque(
            credential.Revoked || secret?.ExpiresAt <= now.ToUnixTimeMilliseconds() ? VerificationCode.Revoked
                : credential.Disabled ? VerificationCode.Disabled
                : owner is not { Active: true } ? VerificationCode.OwnerDisabled
                : now < credential.NotBefore ? VerificationCode.NotYetValid
                : now >= credential.ExpiresAt ? VerificationCode.Expired
                : VerificationCode.Valid,
            credential,
            owner,
            provedUntil,
            secret?.Version
        );

    /// <summary>The same proof, judged by the facts of now. For an access token see <see cref="AccessTokenScheme.AgainAsync"/>.</summary>
    /// <param name="credential">The credential as it is now; <c>null</c> where there is none behind it.</param>
    /// <param name="owner">Its owner as it is now.</param>
    /// <param name="now">The time.</param>
    internal Authenticated Again(CredentialFacts? credential, PrincipalFacts? owner, DateTimeOffset now)
    {
        if (Credential is null)
        {
            return owner is null ? Failed(VerificationCode.OwnerDisabled) : Named(owner);
        }

        if (credential is null || now >= ProvedUntil)
        {
            return Failed(VerificationCode.Unknown);
        }

        SecretFacts? secret = null;
        if (SecretVersion is { } version)
        {
            secret = credential.Secrets.FirstOrDefault(one => one.Version == version);
            if (secret is null)
            {
                return Failed(VerificationCode.Revoked);
            }
        }

        var again = Stored(credential, owner, now, secret, ProvedUntil);
        again.Signature = Signature;
        return again;
    }

    internal Authenticated SignedBy(MessageProof signature)
    {
        Signature = signature;
        return this;
    }

    /// <summary>An application that only says who it is: no credential, no rights.</summary>
    public static Authenticated Named(PrincipalFacts application) =>
        new(application.Active ? VerificationCode.Valid : VerificationCode.OwnerDisabled) { Owner = application, Client = application };

    public static Authenticated Opaque(
        string code,
        CredentialFacts credential,
        PrincipalFacts? owner,
        DateTimeOffset? provedUntil = null,
        long? secretVersion = null
    ) =>
        new(code)
        {
            Kind = credential.Kind,
            Credential = credential,
            Owner = owner,
            Client = owner,
            ProvedUntil = provedUntil,
            SecretVersion = secretVersion,
        };

    /// <param name="code">Valid, or the first reason against it.</param>
    /// <param name="verified">Its verified signature and claims.</param>
    /// <param name="credential">What bought it.</param>
    /// <param name="owner">Its subject, whose rights it has.</param>
    /// <param name="client">The application it was issued to.</param>
    internal static Authenticated Jwt(
        string code,
        VerifiedTokens.Entry verified,
        CredentialFacts? credential,
        PrincipalFacts? owner,
        PrincipalFacts? client
    ) =>
        new(code)
        {
            Kind = CredentialKind.AccessToken,
            Credential = credential,
            Token = verified.Token,
            Verified = verified,
            Owner = owner,
            Client = client,
        };
}
