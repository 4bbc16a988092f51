using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>Which tokens of another issuer stand for one of our applications.</summary>
/// <param name="Issuer">Their <c>iss</c>, compared byte for byte.</param>
/// <param name="Audience">What their <c>aud</c> must contain, compared byte for byte.</param>
/// <param name="Subject">What their <c>sub</c> must be.</param>
/// <param name="Claims">What else they must say, all of it.</param>
public sealed record FederatedTrust(string Issuer, string Audience, ClaimPattern Subject, IReadOnlyList<ClaimCondition> Claims);

/// <summary>What one claim must say.</summary>
/// <param name="Path">Where it stands.</param>
/// <param name="Value">What it must be.</param>
public sealed record ClaimCondition(ClaimPath Path, ClaimPattern Value);

/// <summary>What another issuer's token says, its signature being good and its trust fulfilled.</summary>
/// <param name="Subject"><c>sub</c>: the workload, in its issuer's words.</param>
/// <param name="ExpiresAt"><c>exp</c>: nothing that is bought with it may live longer.</param>
/// <param name="MayAct"><c>may_act</c>: who alone may use it for its subject, null when absent.</param>
public sealed record FederatedToken(string Subject, DateTimeOffset ExpiresAt, AuthorizedActor? MayAct);

/// <summary>
/// Why another issuer's token does not stand for the application, in the order of the checks. For the audit; the client hears the same of all of them.
/// </summary>
public enum FederatedTokenFault
{
    /// <summary>The token is good.</summary>
    None,

    /// <summary>Not a compact JWS of an algorithm we take, over 8,000 bytes, or a header that may not be there.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is of some other kind of token than a plain JWT.</summary>
    WrongType,

    /// <summary>There is no <c>kid</c>, or the issuer has no such key.</summary>
    UnknownKey,

    /// <summary>The signature is not the key's, or names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>A required claim is missing, a claim has the wrong type, or the token is bound to a key whose proof is not asked here.</summary>
    InvalidClaims,

    /// <summary>The <c>iss</c> is another issuer.</summary>
    WrongIssuer,

    /// <summary>The audience is not in its <c>aud</c>.</summary>
    WrongAudience,

    /// <summary>The <c>sub</c> is another workload.</summary>
    WrongSubject,

    /// <summary>A claim that is asked for is missing or says something else.</summary>
    WrongClaim,

    /// <summary>Its <c>exp</c> has come.</summary>
    Expired,

    /// <summary>Its <c>exp</c> lies more than a day ahead.</summary>
    TooLongLived,

    /// <summary>Its <c>nbf</c> or <c>iat</c> lies more than a minute ahead.</summary>
    NotYetValid,
}

/// <summary>What <see cref="FederatedTokenValidator"/> found: a good token, or one fault.</summary>
public sealed class FederatedTokenResult
{
    private FederatedTokenResult(FederatedTokenFault fault, FederatedToken? token) => (Fault, Token) = (fault, token);

    /// <summary>The first thing found wrong, or <see cref="FederatedTokenFault.None"/>.</summary>
    public FederatedTokenFault Fault { get; }

    /// <summary>The token, when it is good.</summary>
    public FederatedToken? Token { get; }

    /// <summary>True when the token is good.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Token is not null;

    internal static FederatedTokenResult Valid(FederatedToken token) => new(FederatedTokenFault.None, token);

    internal static FederatedTokenResult Invalid(FederatedTokenFault fault) => new(fault, token: null);
}
