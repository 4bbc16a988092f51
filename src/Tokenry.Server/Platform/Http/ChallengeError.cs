using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// What a challenge says of a refusal (RFC 6750 §3.1). The table below is every refusal that a door answers with a challenge. Values hold constants, kinds,
/// scopes and times only: nothing that a client sent is echoed into a header.
/// </summary>
/// <param name="Code"><c>error</c>; <c>null</c> = nothing was presented.</param>
/// <param name="Description"><c>error_description</c>; <c>null</c> = the code says enough.</param>
public readonly record struct ChallengeError(string? Code, string? Description = null)
{
    /// <summary>The request carries two credentials, or one in its URL.</summary>
    public static readonly ChallengeError InvalidRequest = new("invalid_request");

    /// <summary>The credential is not good here; which reason it is stays with the server.</summary>
    public static readonly ChallengeError InvalidToken = new("invalid_token");

    /// <summary>The credential lacks a scope.</summary>
    public static readonly ChallengeError InsufficientScope = new("insufficient_scope");

    /// <summary>The credential is limited to other objects.</summary>
    public static readonly ChallengeError OtherOrganization = new("insufficient_scope", "acts in another organization");
    public static readonly ChallengeError OtherObjects = new("insufficient_scope", "limited to other objects");

    /// <summary>The API takes nothing weaker than a bound token.</summary>
    public static readonly ChallengeError BoundOnly = new("invalid_token", "bound tokens only");

    /// <summary>The token is bound to a TLS client certificate that did not come with the request. The scheme stays Bearer (RFC 8705 §3).</summary>
    public static readonly ChallengeError OtherCertificate = new("invalid_token", "bound to another client certificate");

    /// <summary>The request is not signed, or its signature is not good.</summary>
    public static readonly ChallengeError SignedOnly = new("invalid_token", "signed requests only");

    /// <summary>The DPoP proof must carry a nonce of this server (RFC 9449 §9).</summary>
    public static readonly ChallengeError UseDpopNonce = new("use_dpop_nonce");

    /// <summary>The DPoP proof is not good, or was used before (RFC 9449 §7.1).</summary>
    public static readonly ChallengeError InvalidDpopProof = new("invalid_dpop_proof");

    /// <summary>The credential is genuine and expired.</summary>
    public static ChallengeError ExpiredAt(DateTimeOffset end) => new("invalid_token", $"expired at {TimestampConverter.Format(end)}");

    /// <summary>The API does not take credentials of this kind.</summary>
    /// <param name="kinds">The kinds that it takes, separated by spaces.</param>
    public static ChallengeError AcceptedKinds(string kinds) => new("insufficient_scope", $"accepted credentials: {kinds}");
}
