using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Authentication;

/// <summary>The presented credential is not valid. If its secret or signature was genuine, the records still name the credential and its owner.</summary>
public sealed class AuthenticationFailure : AuthenticationResult
{
    // Shared, so that a flood of malformed strings allocates nothing.
    private static readonly AuthenticationFailure Malformed = new(VerificationCode.Malformed);
    private static readonly AuthenticationFailure Unknown = new(VerificationCode.Unknown);
    private static readonly AuthenticationFailure ProofInvalid = new(VerificationCode.ProofInvalid);

    private readonly CredentialFacts? credential;
    private readonly AccessToken? token;
    private readonly string? ownerId;
    private readonly string? holderId;
    private readonly CredentialProof proof;

    private AuthenticationFailure(string code)
    {
        Code = code;
        Reason = AuditReason.Of(code);
    }

    // The answer gets a public code; only the records name the reason.
    private AuthenticationFailure(AuditReason reason)
    {
        Code = VerificationCode.Unknown;
        Reason = reason;
    }

    /// <summary>A stored credential was proved, but its state, its owner or the time is against it.</summary>
    internal AuthenticationFailure(string code, CredentialFacts credential, PrincipalFacts? owner, in CredentialProof proof)
        : this(code)
    {
        this.credential = credential;
        this.proof = proof;
        ownerId = holderId = owner?.Id;
    }

    /// <summary>The signature of an access token is valid, but its state, its principals or the time is against it.</summary>
    internal AuthenticationFailure(
        string code,
        AccessToken token,
        CredentialFacts? credential,
        PrincipalFacts? owner,
        PrincipalFacts? client
    )
        : this(code)
    {
        this.token = token;
        this.credential = credential;
        ownerId = owner?.Id;
        holderId = client?.Id;
    }

    private AuthenticationFailure(AuditReason reason, CredentialFacts credential, PrincipalFacts owner)
        : this(reason)
    {
        this.credential = credential;
        ownerId = holderId = owner.Id;
    }

    private AuthenticationFailure(string code, PrincipalFacts owner)
        : this(code) => ownerId = holderId = owner.Id;

    public override string Code { get; }

    public override AuditReason Reason { get; }

    public override string? Kind => token is not null ? CredentialKind.AccessToken : credential?.Kind;

    public override CredentialFacts? Stored => credential;

    public override AccessToken? Token => token;

    public override string? OwnerId => ownerId;

    public override string? HolderId => holderId;

    public override long? SecretVersion => proof.Secret?.Version;

    public override DateTimeOffset? ExpiresAt => token?.ExpiresAt ?? proof.EndOf(credential);

    public override string? CredentialId => token?.CredentialId ?? credential?.Id;

    /// <summary>What the holder of the credential may be told; <c>null</c> = nothing. A constant.</summary>
    public string? Hint { get; private init; }

    /// <param name="code">One of <see cref="VerificationCode"/>.</param>
    public static AuthenticationFailure Of(string code) =>
        code switch
        {
            VerificationCode.Malformed => Malformed,
            VerificationCode.Unknown => Unknown,
            VerificationCode.ProofInvalid => ProofInvalid,
            _ => new(code),
        };

    /// <param name="reason">For the records; the answer does not tell it.</param>
    public static AuthenticationFailure Of(AuditReason reason) => new(reason);

    /// <summary>The credential signed what was presented, but what was presented is not valid itself.</summary>
    /// <param name="reason">For the records.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="owner">Its owner.</param>
    /// <param name="hint">A hint for its holder; a constant.</param>
    public static AuthenticationFailure Of(AuditReason reason, CredentialFacts credential, PrincipalFacts owner, string? hint) =>
        new(reason, credential, owner) { Hint = hint };

    /// <summary>An application only names itself, and it is not valid.</summary>
    internal static AuthenticationFailure Of(string code, PrincipalFacts application) => new(code, application);
}
