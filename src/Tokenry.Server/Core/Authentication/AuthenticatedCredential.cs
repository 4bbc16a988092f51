using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>A stored credential that was presented directly: a key, a personal access token, or a client authentication credential.</summary>
public sealed class AuthenticatedCredential : Authenticated
{
    private readonly CredentialProof proof;

    private AuthenticatedCredential(CredentialFacts credential, PrincipalFacts owner, in CredentialProof proof)
        : base(owner)
    {
        Stored = credential;
        this.proof = proof;
    }

    public override CredentialFacts Stored { get; }

    public override string Kind => Stored.Kind;

    public override string CredentialId => Stored.Id;

    public override long? SecretVersion => proof.Secret?.Version;

    public override long? SupersededVersion => proof.Secret is { ExpiresAt: not null } secret ? secret.Version : null;

    public override MessageProof? Signature => proof.Signature;

    public override DateTimeOffset? ExpiresAt => proof.EndOf(Stored);

    public override string? Subject => Stored.IsAnonymous ? null : Owner.Id;

    public override IReadOnlyList<string>? ObjectTexts => Stored.Terms.ObjectTexts;

    public override long TokensSince => Math.Max(Stored.TokensSince, Owner.TokensSince);

    public override ScopeSet? NamedAt(ApiResourceFacts api) =>
        Stored.IsAnonymous ? ScopeSet.Empty : Stored.Permissions?.In(OrganizationId).At(api);

    internal override Authenticated? Acting(PrincipalFacts owner) =>
        owner.ActsIn is { } organization && Stored.Permissions?.Names(organization) == true
            ? new AuthenticatedCredential(Stored, owner, proof)
            : null;

    /// <summary>Judges a stored credential that was proved. The result is valid, or the first reason against it: its state, its owner or the time.</summary>
    /// <param name="credential">The credential.</param>
    /// <param name="owner">Its owner; <c>null</c> = deleted.</param>
    /// <param name="now">The time.</param>
    /// <param name="proof">How it was proved.</param>
    public static AuthenticationResult Judge(
        CredentialFacts credential,
        PrincipalFacts? owner,
        DateTimeOffset now,
        in CredentialProof proof = default
    )
    {
        var code =
            credential.Revoked || proof.Secret?.ExpiresAt <= now.ToUnixTimeMilliseconds() ? VerificationCode.Revoked
            : credential.Disabled ? VerificationCode.Disabled
            : owner is not { Active: true } ? VerificationCode.OwnerDisabled
            : now < credential.NotBefore || (credential.IsPending && !(now >= credential.ExpiresAt)) ? VerificationCode.NotYetValid
            : now >= credential.ExpiresAt ? VerificationCode.Expired
            : VerificationCode.Valid;
        return code == VerificationCode.Valid && owner is not null
            ? new AuthenticatedCredential(credential, owner, proof)
            : new AuthenticationFailure(code, credential, owner, proof);
    }

    /// <summary>Judges the same proof by the current facts.</summary>
    /// <param name="credential">The credential as it is now.</param>
    /// <param name="owner">Its owner as it is now.</param>
    /// <param name="now">The time.</param>
    internal AuthenticationResult Again(CredentialFacts? credential, PrincipalFacts? owner, DateTimeOffset now)
    {
        if (credential is null || now >= proof.Until)
        {
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        if (proof.Secret is not { } before)
        {
            return Judge(credential, owner, now, proof);
        }

        foreach (var secret in credential.Secrets)
        {
            if (secret.Version == before.Version)
            {
                return Judge(credential, owner, now, proof with { Secret = secret });
            }
        }

        return AuthenticationFailure.Of(VerificationCode.Revoked);
    }
}
