using System.Text.Json;

namespace Tokenry.Protocol.Api;

/// <summary>Which tokens of another issuer stand for an application: of these keys, for this audience, of this subject, with these claims.</summary>
public sealed record FederatedIdentity
{
    /// <summary>The tokens' <c>iss</c>, an https address, compared byte for byte: <c>https://token.actions.githubusercontent.com</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>What their <c>aud</c> must contain.</summary>
    public required string Audience { get; init; }

    /// <summary>
    /// What their <c>sub</c> must be: <c>repo:acme/web:ref:refs/heads/main</c>. Segments are what stands between <c>:</c> and <c>/</c>; from the third
    /// on one may be <c>*</c>, and the last may end with it: one segment, never more.
    /// </summary>
    public required string Subject { get; init; }

    /// <summary>
    /// What other claims must be, by name or JSON Pointer (<c>/kubernetes.io/namespace</c>); patterns like <see cref="Subject"/>, from the second segment on.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The issuer's public keys that were taken (RFC 7517); <c>null</c> where they are fetched.</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary>Which members of the set were not taken, and why; <c>null</c> where all were.</summary>
    public IReadOnlyList<string>? JwksUnused { get; init; }

    /// <summary>Where they are fetched from.</summary>
    public string? JwksUri { get; init; }
}

/// <summary>Body of <c>POST /v1/applications/{id}/federated-identities</c>: the issuer's keys as <c>jwks</c>, or <c>jwks_uri</c> where this server may fetch them.</summary>
public sealed record FederatedIdentityRequest : NewCredentialRequest
{
    /// <inheritdoc cref="FederatedIdentity.Issuer"/>
    public required string Issuer { get; init; }

    /// <summary>What the tokens' <c>aud</c> must contain; absent = this server's issuer.</summary>
    public string? Audience { get; init; }

    /// <inheritdoc cref="FederatedIdentity.Subject"/>
    public required string Subject { get; init; }

    /// <inheritdoc cref="FederatedIdentity.Claims"/>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The issuer's public keys, a JWK Set (RFC 7517 §5).</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary>Instead: where to fetch them, over https. Only where this server's configuration allows it to fetch at all.</summary>
    public string? JwksUri { get; init; }
}
