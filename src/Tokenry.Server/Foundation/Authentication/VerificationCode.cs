namespace Tokenry.Server.Foundation.Authentication;

/// <summary>The answers of a verification, in the order in which they take precedence (<c>contract.md</c>, Verification).</summary>
public static class VerificationCode
{
    public const string Malformed = "malformed";
    public const string Unknown = "unknown";
    public const string Revoked = "revoked";
    public const string Disabled = "disabled";
    public const string OwnerDisabled = "owner_disabled";
    public const string NotYetValid = "not_yet_valid";
    public const string Expired = "expired";
    public const string WrongApi = "wrong_api";
    public const string CredentialKindNotAccepted = "credential_kind_not_accepted";
    public const string StrengthTooLow = "strength_too_low";
    public const string ProofRequired = "proof_required";
    public const string ProofInvalid = "proof_invalid";
    public const string ProofReplayed = "proof_replayed";
    public const string IpNotAllowed = "ip_not_allowed";
    public const string InsufficientScope = "insufficient_scope";
    public const string ObjectNotAllowed = "object_not_allowed";
    public const string RateLimited = "rate_limited";
    public const string QuotaExceeded = "quota_exceeded";
    public const string Valid = "valid";

    /// <summary>Every code.</summary>
    public static readonly string[] All =
    [
        Malformed,
        Unknown,
        Revoked,
        Disabled,
        OwnerDisabled,
        NotYetValid,
        Expired,
        WrongApi,
        CredentialKindNotAccepted,
        StrengthTooLow,
        ProofRequired,
        ProofInvalid,
        ProofReplayed,
        IpNotAllowed,
        InsufficientScope,
        ObjectNotAllowed,
        RateLimited,
        QuotaExceeded,
        Valid,
    ];
}
