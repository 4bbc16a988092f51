namespace Tokenry.Protocol.Api;

/// <summary>The codes of a verification, in their order of precedence (<c>contract.md</c>, Verification).</summary>
public static class VerificationCode
{
    /// <summary>The text is not a credential: wrong form or wrong checksum.</summary>
    public const string Malformed = "malformed";

    /// <summary>The credential does not exist, or its secret does not match.</summary>
    public const string Unknown = "unknown";

    /// <summary>The credential was revoked.</summary>
    public const string Revoked = "revoked";

    /// <summary>The credential is disabled.</summary>
    public const string Disabled = "disabled";

    /// <summary>The owner of the credential is disabled or deleted.</summary>
    public const string OwnerDisabled = "owner_disabled";

    /// <summary>The time in <c>nbf</c> is in the future.</summary>
    public const string NotYetValid = "not_yet_valid";

    /// <summary>The credential has expired.</summary>
    public const string Expired = "expired";

    /// <summary>The credential does not act in the requested organization.</summary>
    public const string WrongOrganization = "wrong_organization";

    /// <summary>The credential is for another API.</summary>
    public const string WrongApi = "wrong_api";

    /// <summary>The API does not accept credentials of this kind.</summary>
    public const string CredentialKindNotAccepted = "credential_kind_not_accepted";

    /// <summary>The API requires a stronger proof of possession.</summary>
    public const string StrengthTooLow = "strength_too_low";

    /// <summary>The credential is bound to a key and no proof of possession came with it.</summary>
    public const string ProofRequired = "proof_required";

    /// <summary>The proof of possession does not verify.</summary>
    public const string ProofInvalid = "proof_invalid";

    /// <summary>The proof of possession was used before.</summary>
    public const string ProofReplayed = "proof_replayed";

    /// <summary>The client address is outside the networks of the credential.</summary>
    public const string IpNotAllowed = "ip_not_allowed";

    /// <summary>A required scope is missing.</summary>
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>The credential is limited to other objects.</summary>
    public const string ObjectNotAllowed = "object_not_allowed";

    /// <summary>A rate limit is reached.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>A quota is used up.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>The credential is good for the request.</summary>
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
        WrongOrganization,
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
