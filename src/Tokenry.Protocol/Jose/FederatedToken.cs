using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>The tokens of another issuer that authenticate one of our applications.</summary>
/// <param name="Issuer">Their <c>iss</c>, compared byte for byte.</param>
/// <param name="Audience">A value that their <c>aud</c> must contain, compared byte for byte.</param>
/// <param name="Subject">The pattern of their <c>sub</c>.</param>
/// <param name="Claims">Conditions on other claims; all must hold.</param>
public sealed record FederatedTrust(string Issuer, string Audience, ClaimPattern Subject, IReadOnlyList<ClaimCondition> Claims);

/// <summary>A condition on one claim.</summary>
/// <param name="Path">The place of the claim.</param>
/// <param name="Value">The pattern of its value.</param>
public sealed record ClaimCondition(ClaimPath Path, ClaimPattern Value);

/// <summary>The content of another issuer's token that has a valid signature and fulfils the trust.</summary>
/// <param name="Subject"><c>sub</c>: the workload, as its issuer names it.</param>
/// <param name="ExpiresAt"><c>exp</c>: nothing issued for this token may live longer.</param>
/// <param name="MayAct"><c>may_act</c>: the only party that may use it for its subject; null if absent.</param>
public sealed record FederatedToken(string Subject, DateTimeOffset ExpiresAt, AuthorizedActor? MayAct);

/// <summary>
/// Why another issuer's token does not authenticate the application, in the order of the checks. For the audit; the client gets the same answer for all of
/// them.
/// </summary>
public enum FederatedTokenFault
{
    /// <summary>The token is valid.</summary>
    None,

    /// <summary>Not a compact JWS of an accepted algorithm, over 8,000 bytes, or a forbidden header.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is that of another kind of token than a plain JWT.</summary>
    WrongType,

    /// <summary>The <c>kid</c> is missing, or the issuer has no such key.</summary>
    UnknownKey,

    /// <summary>The signature does not verify with the key, or the header names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>A required claim is missing, a claim has the wrong type, or the token is bound to a key, whose proof the server does not check here.</summary>
    InvalidClaims,

    /// <summary>The <c>iss</c> is another issuer.</summary>
    WrongIssuer,

    /// <summary>The audience is not in its <c>aud</c>.</summary>
    WrongAudience,

    /// <summary>The <c>sub</c> is another workload.</summary>
    WrongSubject,

    /// <summary>A required claim is missing or has another value.</summary>
    WrongClaim,

    /// <summary>Its <c>exp</c> has passed.</summary>
    Expired,

    /// <summary>Its <c>exp</c> is more than a day in the future.</summary>
    TooLongLived,

    /// <summary>Its <c>nbf</c> or <c>iat</c> is more than a minute in the future.</summary>
    NotYetValid,
}

/// <summary>The result of <see cref="FederatedTokenValidator"/>: a valid token, or one fault.</summary>
public sealed class FederatedTokenResult
{
    private FederatedTokenResult(FederatedTokenFault fault, FederatedToken? token) => (Fault, Token) = (fault, token);

    /// <summary>The first fault, or <see cref="FederatedTokenFault.None"/>.</summary>
    public FederatedTokenFault Fault { get; }

    /// <summary>The token, if it is valid.</summary>
    public FederatedToken? Token { get; }

    /// <summary>True if the token is valid.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Token is not null;

    internal static FederatedTokenResult Valid(FederatedToken token) => new(FederatedTokenFault.None, token);

    internal static FederatedTokenResult Invalid(FederatedTokenFault fault) => new(fault, token: null);
}
