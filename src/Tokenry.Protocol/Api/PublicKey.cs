using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>A client's public key as it is registered.</summary>
/// <param name="Kid">What the client's assertions name it by in their <c>kid</c>: as the key said, else its RFC 7638 thumbprint.</param>
/// <param name="Alg">The one algorithm it verifies: <c>ES256</c>, <c>ES384</c>, <c>RS256</c> or <c>PS256</c>.</param>
/// <param name="Jwk">The key (RFC 7517), public members only.</param>
public sealed record RegisteredKey(string Kid, string Alg, JsonElement Jwk);

/// <summary>Body of <c>POST /v1/applications/{id}/public-keys</c>: the key as <c>jwk</c> or as <c>pem</c>.</summary>
public sealed record PublicKeyRequest : NewCredentialRequest
{
    /// <summary>A public JSON Web Key (RFC 7517). A private one is refused, and should be thought of as known to others.</summary>
    public JsonElement? Jwk { get; init; }

    /// <summary>Instead: <c>-----BEGIN PUBLIC KEY-----</c> (SubjectPublicKeyInfo, RFC 7468 §13).</summary>
    public string? Pem { get; init; }

    /// <summary>The algorithm it is for, where neither the key nor its type says: an RSA key is for <c>RS256</c> unless <c>PS256</c> is named.</summary>
    public string? Alg { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    [JsonPropertyOrder(2)]
    public int? RotateEveryDays { get; init; }
}
