namespace Tokenry.Protocol.Jose;

/// <summary>Why an access token is not good. For logs and audit; callers of a door hear <c>invalid_token</c> in every case (RFC 6750 §3.1).</summary>
public enum AccessTokenFault
{
    /// <summary>The token is good, as far as <see cref="AccessTokenValidator"/> looks.</summary>
    None,

    /// <summary>Not a compact JWS, over 8,000 bytes, an algorithm we never take, or a header that may not be there.</summary>
    Malformed,

    /// <summary>There is no <c>kid</c>, or the issuer has no such key.</summary>
    UnknownKey,

    /// <summary>The signature is not the key's, or names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>The <c>typ</c> is not <c>at+jwt</c>: some other kind of token.</summary>
    WrongType,

    /// <summary>The <c>iss</c> is another party.</summary>
    WrongIssuer,

    /// <summary>A required claim is missing, or a claim has the wrong type.</summary>
    InvalidClaims,

    /// <summary>Its <c>exp</c> has come.</summary>
    Expired,

    /// <summary>Its <c>iat</c> or <c>nbf</c> lies further in the future than clocks may differ.</summary>
    NotYetValid,
}
