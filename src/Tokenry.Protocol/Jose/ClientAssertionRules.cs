namespace Tokenry.Protocol.Jose;

/// <summary>How strictly <see cref="ClientAssertionValidator"/> checks the assertions of one client.</summary>
public sealed record ClientAssertionRules
{
    /// <summary>The rules of draft-ietf-oauth-rfc7523bis: an explicit type, the issuer as the only audience, at most ten minutes.</summary>
    public static readonly ClientAssertionRules Strict = new();

    /// <summary>
    /// Whether the validator also accepts a <c>typ</c> that is absent or <c>JWT</c>, as older clients send it, besides <c>client-authentication+jwt</c>.
    /// </summary>
    public bool TakesPlainType { get; init; }

    /// <summary>
    /// Audiences allowed besides the issuer, compared byte for byte: URLs of endpoints, which RFC 7523 §3 allows. If there are any, the <c>aud</c> may have
    /// several values, all of them allowed.
    /// </summary>
    public IReadOnlyList<string> OtherAudiences { get; init; } = [];

    /// <summary>How far in the future <c>exp</c> may be: a single-use token needs no long lifetime.</summary>
    public TimeSpan LongestLife { get; init; } = TimeSpan.FromMinutes(10);
}
