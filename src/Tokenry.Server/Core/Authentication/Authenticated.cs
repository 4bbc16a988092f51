using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// A valid credential: an <see cref="AuthenticatedCredential"/>, an <see cref="AuthenticatedToken"/>, an <see cref="AuthenticatedSession"/>, or a
/// <see cref="NamedApplication"/>, which has no credential.
/// </summary>
public abstract class Authenticated : AuthenticationResult
{
    private protected Authenticated(PrincipalFacts owner) => Owner = owner;

    public sealed override string Code => VerificationCode.Valid;

    /// <summary>The principal whose rights the credential has. For an access token: its subject.</summary>
    public PrincipalFacts Owner { get; }

    /// <summary>
    /// The principal that holds the credential, normally its owner. For an access token: the application it was issued to, which may act for another
    /// principal.
    /// </summary>
    public virtual PrincipalFacts Holder => Owner;

    public sealed override string OwnerId => Owner.Id;

    public sealed override string HolderId => Holder.Id;

    /// <summary>The user or application that acts; <c>null</c> for an anonymous key.</summary>
    public virtual string? Subject => Owner.Id;

    public string? ApplicationId => Holder.IsUser ? null : Holder.Id;

    /// <summary>The organization in which it acts; <c>null</c> = in none.</summary>
    public string? OrganizationId => Owner.ActsIn;

    /// <summary>The object patterns it is limited to, as they were written; <c>null</c> = not limited.</summary>
    public virtual IReadOnlyList<string>? ObjectTexts => null;

    /// <summary>
    /// The signature, if the signed request itself presents the credential. The door uses it up (<see cref="MessageSignatures.ClaimAsync"/>).
    /// </summary>
    public virtual MessageProof? Signature => null;

    /// <summary>The version of the secret that was presented, if a rotation replaced it and its overlap still runs; otherwise <c>null</c>.</summary>
    public virtual long? SupersededVersion => null;

    /// <summary>Unix ms. An access token that the server issues for this credential gets a <c>jti</c> no older than this.</summary>
    public virtual long TokensSince => Owner.TokensSince;

    /// <summary>What it names at that API, including implied scopes; <c>null</c> = all its owner's rights, but no management rights.</summary>
    public virtual ScopeSet? NamedAt(ApiResourceFacts api) => ScopeSet.Empty;

    /// <summary>
    /// The same credential as it acts in another organization; <c>null</c> = it cannot act there. A personal access token acts in the organizations that it
    /// names, a person who acts in none in all of theirs.
    /// </summary>
    /// <param name="owner">Its owner, as it acts in that organization.</param>
    internal virtual Authenticated? Acting(PrincipalFacts owner) => null;

    /// <summary>Whether it is an access token for that API, and not for an earlier one of the same identifier.</summary>
    public virtual bool IsTokenFor(ApiResourceFacts api) => false;

    /// <summary>Whether it is an access token for an API that exists.</summary>
    public virtual bool IsTokenForAny(Catalog catalog) => false;

    /// <summary>
    /// The most that an exchange for that API may give, from the tokens that this one was exchanged through; <c>null</c> = none of them was for that API.
    /// </summary>
    public virtual ScopeSet? PassedAt(ApiResourceFacts api) => null;
}
