namespace Tokenry.Protocol.Jose;

/// <summary>Why an access token is not valid. For logs and audit; callers of a door always get <c>invalid_token</c> (RFC 6750 §3.1).</summary>
public enum AccessTokenFault
{
    /// <summary>The token is valid, as far as <see cref="AccessTokenValidator"/> checks.</summary>
    None,

    /// <summary>Not a compact JWS, over 8,000 bytes, an algorithm that Tokenry does not accept, or a forbidden header.</summary>
    Malformed,

    /// <summary>The <c>kid</c> is missing, or the issuer has no such key.</summary>
    UnknownKey,

    /// <summary>The signature does not verify with the key, or the header names another algorithm than the key's.</summary>
    BadSignature,

    /// <summary>The <c>typ</c> is not <c>at+jwt</c>: another kind of token.</summary>
    WrongType,

    /// <summary>The <c>iss</c> is another issuer.</summary>
    WrongIssuer,

    /// <summary>A required claim is missing, or a claim has the wrong type.</summary>
    InvalidClaims,

    /// <summary>Its <c>exp</c> has passed.</summary>
    Expired,

    /// <summary>Its <c>iat</c> or <c>nbf</c> is further in the future than the allowed clock difference.</summary>
    NotYetValid,
}
