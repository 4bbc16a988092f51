using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>The content of a client's assertion (RFC 7523 §3) with a valid signature.</summary>
/// <param name="ClientId"><c>iss</c> and <c>sub</c>: the client.</param>
/// <param name="TokenId"><c>jti</c>, 1…256 characters. The caller must ensure that it is used only once.</param>
/// <param name="KeepUntil">From this time on, the server refuses the assertion because of its age and may forget its <c>jti</c>.</param>
/// <param name="KeyId">The <c>kid</c> of the key that verified it.</param>
public sealed record ClientAssertion(string ClientId, string TokenId, DateTimeOffset KeepUntil, string KeyId);

/// <summary>Why an assertion does not authenticate its client. For the audit; the client always gets <c>invalid_client</c>.</summary>
public enum ClientAssertionFault
{
    /// <summary>The assertion is valid.</summary>
    None,

    /// <summary>Not a compact JWS of an accepted algorithm, over 8,000 bytes, or a forbidden header.</summary>
    Malformed,

    /// <summary>The <c>typ</c> is that of another kind of token.</summary>
    WrongType,

    /// <summary><c>iss</c> or <c>sub</c> is not the client.</summary>
    WrongClient,

    /// <summary>The client has no key with that <c>kid</c>, or the assertion names none and the client does not have exactly one key.</summary>
    UnknownKey,

    /// <summary>The signature does not verify with the key, or the header names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>The <c>aud</c> names something other than the issuer and the audiences that the rules allow.</summary>
    WrongAudience,

    /// <summary>A required claim is missing, or a claim has the wrong type or length.</summary>
    InvalidClaims,

    /// <summary>Its <c>exp</c> passed more than a minute ago.</summary>
    Expired,

    /// <summary>Its <c>exp</c> is further in the future than the rules allow.</summary>
    TooLongLived,

    /// <summary>Its <c>nbf</c> or <c>iat</c> is more than a minute in the future.</summary>
    NotYetValid,
}

/// <summary>The result of <see cref="ClientAssertionValidator"/>: a valid assertion, or one fault.</summary>
public sealed class ClientAssertionResult
{
    private ClientAssertionResult(ClientAssertionFault fault, ClientAssertion? assertion) => (Fault, Assertion) = (fault, assertion);

    /// <summary>The first fault, or <see cref="ClientAssertionFault.None"/>.</summary>
    public ClientAssertionFault Fault { get; }

    /// <summary>The assertion, if it is valid.</summary>
    public ClientAssertion? Assertion { get; }

    /// <summary>True if the assertion is valid. It may have been used before.</summary>
    [MemberNotNullWhen(true, nameof(Assertion))]
    public bool IsValid => Assertion is not null;

    internal static ClientAssertionResult Valid(ClientAssertion assertion) => new(ClientAssertionFault.None, assertion);

    internal static ClientAssertionResult Invalid(ClientAssertionFault fault) => new(fault, assertion: null);
}
