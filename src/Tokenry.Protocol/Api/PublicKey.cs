using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>A client's registered public key.</summary>
/// <param name="Kid">The <c>kid</c> that the client's assertions carry: the key's own <c>kid</c>, or else its RFC 7638 thumbprint.</param>
/// <param name="Alg">The one algorithm it verifies: <c>ES256</c>, <c>ES384</c>, <c>RS256</c> or <c>PS256</c>.</param>
/// <param name="Jwk">The key (RFC 7517), public members only.</param>
public sealed record RegisteredKey(string Kid, string Alg, JsonElement Jwk);

/// <summary>Body of <c>POST /v1/applications/{id}/public-keys</c>: the key as <c>jwk</c> or as <c>pem</c>.</summary>
public sealed record PublicKeyRequest : NewCredentialRequest
{
    /// <summary>A public JSON Web Key (RFC 7517). The server refuses a private one; treat a private key that was sent as leaked.</summary>
    public JsonElement? Jwk { get; init; }

    /// <summary>Alternative: <c>-----BEGIN PUBLIC KEY-----</c> (SubjectPublicKeyInfo, RFC 7468 §13).</summary>
    public string? Pem { get; init; }

    /// <summary>
    /// The algorithm of the key, if neither the key nor its type determines it. An RSA key is for <c>RS256</c> unless <c>PS256</c> is named here.
    /// </summary>
    public string? Alg { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    [JsonPropertyOrder(2)]
    public int? RotateEveryDays { get; init; }
}
