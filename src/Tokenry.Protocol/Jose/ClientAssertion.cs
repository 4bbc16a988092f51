using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>What a client said of itself in an assertion (RFC 7523 §3) whose signature was good.</summary>
/// <param name="ClientId"><c>iss</c> and <c>sub</c>: the client.</param>
/// <param name="TokenId"><c>jti</c>, 1…256 characters: good for one use, which the caller has to see to.</param>
/// <param name="KeepUntil">From when on the same assertion is refused for its age alone, so that its <c>jti</c> may be forgotten.</param>
/// <param name="KeyId">The <c>kid</c> of the key that verified it.</param>
public sealed record ClientAssertion(string ClientId, string TokenId, DateTimeOffset KeepUntil, string KeyId);

/// <summary>Why an assertion does not authenticate its client. For the audit; the client hears <c>invalid_client</c> in every case.</summary>
public enum ClientAssertionFault
{
    /// <summary>The assertion is good.</summary>
    None,

    /// <summary>Not a compact JWS of an algorithm we take, over 8,000 bytes, or a header that may not be there.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is of some other kind of token.</summary>
    WrongType,

    /// <summary><c>iss</c> or <c>sub</c> is not the client.</summary>
    WrongClient,

    /// <summary>The client has no key of that <c>kid</c>, or none is named and it has not exactly one.</summary>
    UnknownKey,

    /// <summary>The signature is not the key's, or names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>The <c>aud</c> names anything but the issuer, and what else the rules allow.</summary>
    WrongAudience,

    /// <summary>A required claim is missing, or a claim has the wrong type or length.</summary>
    InvalidClaims,

    /// <summary>Its <c>exp</c> lies more than a minute back.</summary>
    Expired,

    /// <summary>Its <c>exp</c> lies further ahead than the rules allow.</summary>
    TooLongLived,

    /// <summary>Its <c>nbf</c> or <c>iat</c> lies more than a minute ahead.</summary>
    NotYetValid,
}

/// <summary>What <see cref="ClientAssertionValidator"/> found: a good assertion, or one fault.</summary>
public sealed class ClientAssertionResult
{
    private ClientAssertionResult(ClientAssertionFault fault, ClientAssertion? assertion) => (Fault, Assertion) = (fault, assertion);

    /// <summary>The first thing found wrong, or <see cref="ClientAssertionFault.None"/>.</summary>
    public ClientAssertionFault Fault { get; }

    /// <summary>The assertion, when it is good.</summary>
    public ClientAssertion? Assertion { get; }

    /// <summary>True when the assertion is good, but for whether it was used before.</summary>
    [MemberNotNullWhen(true, nameof(Assertion))]
    public bool IsValid => Assertion is not null;

    internal static ClientAssertionResult Valid(ClientAssertion assertion) => new(ClientAssertionFault.None, assertion);

    internal static ClientAssertionResult Invalid(ClientAssertionFault fault) => new(fault, assertion: null);
}
