namespace Tokenry.Protocol.Jose;

/// <summary>How strictly <see cref="ClientAssertionValidator"/> takes the assertions of one client.</summary>
public sealed record ClientAssertionRules
{
    /// <summary>
    /// The rules of draft-ietf-oauth-rfc7523bis: a type of its own, the issuer as the one audience, ten minutes at most.
    /// </summary>
    public static readonly ClientAssertionRules Strict = new();

    /// <summary>
    /// Whether a <c>typ</c> that is absent or <c>JWT</c>, as clients older than the revision send it, will do besides <c>client-authentication+jwt</c>.
    /// </summary>
    public bool TakesPlainType { get; init; }

    /// <summary>
    /// What the <c>aud</c> may name besides the issuer, compared byte for byte: addresses of endpoints, which RFC 7523 §3 allows. With any, it may name
    /// several, all of them known.
    /// </summary>
    public IReadOnlyList<string> OtherAudiences { get; init; } = [];

    /// <summary>How far ahead <c>exp</c> may lie: nothing that is good once needs to live long.</summary>
    public TimeSpan LongestLife { get; init; } = TimeSpan.FromMinutes(10);
}
