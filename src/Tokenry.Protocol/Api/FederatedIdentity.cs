using System.Text.Json;

namespace Tokenry.Protocol.Api;

/// <summary>The tokens of another issuer that authenticate an application: their keys, audience, subject and claims.</summary>
public sealed record FederatedIdentity
{
    /// <summary>The <c>iss</c> of the tokens: an https URL, compared byte for byte. Example: <c>https://token.actions.githubusercontent.com</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>A value that the <c>aud</c> of the tokens must contain.</summary>
    public required string Audience { get; init; }

    /// <summary>
    /// A pattern for the <c>sub</c> of the tokens: <c>repo:acme/web:ref:refs/heads/main</c>. <c>:</c> and <c>/</c> separate segments. From the third segment
    /// on, a segment may be <c>*</c>, and the last one may end with <c>*</c>. A <c>*</c> matches within one segment only.
    /// </summary>
    public required string Subject { get; init; }

    /// <summary>
    /// Patterns for other claims, by name or JSON Pointer (<c>/kubernetes.io/namespace</c>). They follow the rules of <c>subject</c>, but <c>*</c> is
    /// allowed from the second segment on.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The issuer's public keys that the server accepted (RFC 7517); <c>null</c> if the server fetches them.</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary>The members of the set that the server did not accept, and why; <c>null</c> if it accepted all.</summary>
    public IReadOnlyList<string>? JwksUnused { get; init; }

    /// <summary>Where the server fetches the keys.</summary>
    public string? JwksUri { get; init; }
}

/// <summary>
/// Body of <c>POST /v1/applications/{id}/federated-identities</c>: the issuer's keys as <c>jwks</c>, or <c>jwks_uri</c> if this server may fetch them.
/// </summary>
public sealed record FederatedIdentityRequest : NewCredentialRequest
{
    /// <inheritdoc cref="FederatedIdentity.Issuer"/>
    public required string Issuer { get; init; }

    /// <summary>A value that the <c>aud</c> of the tokens must contain; absent = this server's issuer.</summary>
    public string? Audience { get; init; }

    /// <inheritdoc cref="FederatedIdentity.Subject"/>
    public required string Subject { get; init; }

    /// <inheritdoc cref="FederatedIdentity.Claims"/>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The issuer's public keys, a JWK Set (RFC 7517 §5).</summary>
    public JsonElement? Jwks { get; init; }

    /// <summary>Alternative: the https URL where the server fetches them. Only allowed if this server's configuration allows outgoing requests.</summary>
    public string? JwksUri { get; init; }
}
