using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>Who owns a credential.</summary>
/// <param name="Type"><c>user</c> or <c>application</c>.</param>
/// <param name="Id"><c>usr_…</c> or <c>app_…</c></param>
public sealed record CredentialOwner(string Type, string Id);

/// <summary>The last good use of a credential; aggregated in memory, so up to a second behind.</summary>
public sealed record LastUse(DateTimeOffset At, string? Ip, string? Agent);

/// <summary>Values of <see cref="Credential.Kind"/> and of a verification's <c>kind</c>.</summary>
public static class CredentialKind
{
    /// <summary>An application's opaque key.</summary>
    public const string ApiKey = "api_key";

    /// <summary>A key that names only the application, for quota: no subject, no scopes.</summary>
    public const string AnonymousApiKey = "anonymous_api_key";

    /// <summary>A user's own opaque token.</summary>
    public const string PersonalAccessToken = "personal_access_token";

    /// <summary>What an application authenticates with at the token endpoint; opens no API itself.</summary>
    public const string ClientSecret = "client_secret";

    /// <summary>The public half of a key an application signs assertions with (<c>private_key_jwt</c>) at the token endpoint.</summary>
    public const string PublicKey = "public_key";

    /// <summary>What an application's TLS client certificate is known by at the token endpoint (RFC 8705 §2).</summary>
    public const string Certificate = "certificate";

    /// <summary>Another issuer's word for an application: which of its tokens are taken at the token endpoint.</summary>
    public const string FederatedIdentity = "federated_identity";

    /// <summary>A JWT from the token endpoint (RFC 9068).</summary>
    public const string AccessToken = "access_token";

    /// <summary>Whether an application authenticates with it at the token endpoint; it opens no API itself.</summary>
    public static bool IsClientAuthentication(string? kind) => kind is ClientSecret or PublicKey or Certificate or FederatedIdentity;
}

/// <summary>Values of <see cref="Credential.RequestSigning"/>.</summary>
public static class RequestSigning
{
    /// <summary>The credential has no signing key.</summary>
    public const string None = "none";

    /// <summary>It may be presented by signing a request with it, or as the secret it is.</summary>
    public const string Optional = "optional";

    /// <summary>Only signed requests present it.</summary>
    public const string Required = "required";
}

/// <summary>
/// A credential as the API shows it: everything but the secret, which stands in the answer that creates or rotates it and nowhere else.
/// A class and not a record: a record would print the secret.
/// </summary>
public sealed class Credential
{
    /// <summary><c>key_…</c>, <c>pat_…</c>, <c>sec_…</c>, <c>jwk_…</c>, <c>crt_…</c> or <c>fed_…</c></summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Enough to recognise, useless to a thief: of a secret its brand, kind and last four characters; of a key or certificate its thumbprint.
    /// </summary>
    public required string Masked { get; init; }

    /// <summary>Whose it is.</summary>
    public required CredentialOwner Owner { get; init; }

    /// <summary>
    /// What it may do at most: a list, or <c>owner</c> = all that its owner may do at other APIs than Tokenry's own, now and later. <c>null</c> for what has none
    /// of its own: an anonymous key, and what authenticates a client.
    /// </summary>
    public CredentialPermissions? Permissions { get; init; }

    /// <summary>Patterns <c>type:id</c> it is limited to; <c>null</c> = not limited.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The principal that made it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The credential that minted it, which may be gone; <c>null</c> where the server minted it, or a version that did not record it.</summary>
    public string? CreatedWith { get; init; }

    /// <summary>Of a key or certificate that replaced another (<c>/oauth/renew</c>): the one it replaced.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RenewedFrom { get; init; }

    /// <summary>Of a key or certificate that was replaced (<c>/oauth/renew</c>): the one that replaced it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SupersededBy { get; init; }

    /// <summary>The first instant at which it no longer works; <c>null</c> = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How old it should get before its holder has another, 1…3650 days; <c>null</c> = as old as it may.</summary>
    public int? RotateEveryDays { get; init; }

    /// <summary>
    /// When its holder should have another: at its expiry or once it is <see cref="RotateEveryDays"/> old, whichever comes first. Nothing ends then; the audit
    /// warns 30, 7 and 1 day before (<c>credential.due</c>).
    /// </summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The first instant at which it works.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>CIDR ranges it may be used from; <c>null</c> = anywhere.</summary>
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <summary>How often it may be used, all of them at once; <c>null</c> = not limited by itself.</summary>
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <summary>The holder's own notes: a JSON object of at most 4096 bytes.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary><c>active</c>, <c>scheduled</c>, <c>disabled</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    /// <summary>What makes it weaker than it need be, of <see cref="CredentialWeakness"/>; empty is best.</summary>
    public IReadOnlyList<string> Weaknesses { get; init; } = [];

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was revoked, in the words of whoever did.</summary>
    public string? RevokedReason { get; init; }

    /// <summary>The last good use.</summary>
    public LastUse? LastUsed { get; init; }

    /// <summary>Until when the secret before the last rotation still works.</summary>
    public DateTimeOffset? PreviousExpiresAt { get; init; }

    /// <summary>Of a public key: the key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegisteredKey? PublicKey { get; init; }

    /// <summary>Of a certificate: what certificates it stands for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegisteredCertificate? Certificate { get; init; }

    /// <summary>Of a federated identity: which tokens it trusts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FederatedIdentity? FederatedIdentity { get; init; }

    /// <summary>Of an API key: whether requests are signed with it (RFC 9421): <c>none</c>, <c>optional</c> or <c>required</c> (<see cref="Api.RequestSigning"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestSigning { get; init; }

    /// <summary>The secret, once: in the answer that creates or rotates an API key or a personal access token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }

    /// <summary>The secret, once: in the answer that creates or rotates a client secret.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientSecret { get; init; }

    /// <summary>
    /// What its requests are signed with by <c>hmac-sha256</c>, once: in the answer that creates or rotates an API key with <see cref="RequestSigning"/>. 32
    /// bytes in base64url.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SigningKey { get; init; }
}

/// <summary>What every request that makes or registers a credential can say.</summary>
/// <remarks>The order of members is that of the published schema; members of a request's own have 0 where nothing is said.</remarks>
public abstract record NewCredentialRequest
{
    /// <inheritdoc cref="Credential.Name"/>
    [JsonPropertyOrder(-1)]
    public required string Name { get; init; }

    /// <inheritdoc cref="Credential.ExpiresAt"/>
    [JsonPropertyOrder(1)]
    public Optional<DateTimeOffset?> ExpiresAt { get; init; }

    /// <inheritdoc cref="Credential.NotBefore"/>
    [JsonPropertyOrder(3)]
    public DateTimeOffset? NotBefore { get; init; }

    /// <inheritdoc cref="Credential.AllowedIps"/>
    [JsonPropertyOrder(4)]
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <inheritdoc cref="Credential.Metadata"/>
    [JsonPropertyOrder(6)]
    public JsonElement? Metadata { get; init; }
}

/// <summary>Body that creates a credential. Client secrets take <c>name, expires_at, not_before, allowed_ips, metadata</c> only.</summary>
public sealed record CredentialRequest : NewCredentialRequest
{
    /// <summary><c>true</c> makes an anonymous API key; then neither permissions nor objects.</summary>
    public bool? Anonymous { get; init; }

    /// <summary>
    /// What it may do at most: a list, or <c>owner</c> = all that its owner may do at other APIs than Tokenry's own, now and later. Absent = what the owner may
    /// do at other APIs now, written down; of a personal access token made for oneself, no more than the calling credential may do.
    /// </summary>
    public CredentialPermissions? Permissions { get; init; }

    /// <inheritdoc cref="Credential.Objects"/>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    [JsonPropertyOrder(2)]
    public int? RotateEveryDays { get; init; }

    /// <inheritdoc cref="Credential.RateLimits"/>
    [JsonPropertyOrder(5)]
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <inheritdoc cref="Credential.RequestSigning"/>
    [JsonPropertyOrder(7)]
    public string? RequestSigning { get; init; }
}

/// <summary>Body of <c>PATCH</c> on a credential: absent = keep, <c>null</c> = clear. The resulting credential must pass the minting rule.</summary>
public sealed record CredentialPatch
{
    /// <inheritdoc cref="Credential.Name"/>
    public Optional<string?> Name { get; init; }

    /// <summary>A list, or <c>owner</c> = all that its owner may do at other APIs than Tokenry's own, now and later. Never <c>null</c>.</summary>
    public Optional<CredentialPermissions?> Permissions { get; init; }

    /// <inheritdoc cref="Credential.Objects"/>
    public Optional<IReadOnlyList<string>?> Objects { get; init; }

    /// <inheritdoc cref="Credential.ExpiresAt"/>
    public Optional<DateTimeOffset?> ExpiresAt { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    public Optional<int?> RotateEveryDays { get; init; }

    /// <inheritdoc cref="Credential.NotBefore"/>
    public Optional<DateTimeOffset?> NotBefore { get; init; }

    /// <inheritdoc cref="Credential.AllowedIps"/>
    public Optional<IReadOnlyList<string>?> AllowedIps { get; init; }

    /// <inheritdoc cref="Credential.RateLimits"/>
    public Optional<IReadOnlyList<RateLimit>?> RateLimits { get; init; }

    /// <inheritdoc cref="Credential.Metadata"/>
    public Optional<JsonElement?> Metadata { get; init; }

    /// <summary>Between <c>optional</c> and <c>required</c>; whether a key can sign is settled when it is created.</summary>
    public Optional<string?> RequestSigning { get; init; }
}

/// <summary>Body of <c>POST …/rotate</c>.</summary>
public sealed record RotationRequest
{
    /// <summary>How long the secret that is replaced still works: 0…2 592 000 s (30 days); never past the original expiry.</summary>
    public required int OverlapSeconds { get; init; }

    /// <summary>A new expiry; needed to renew a credential that has expired.</summary>
    public Optional<DateTimeOffset?> ExpiresAt { get; init; }
}

/// <summary>Body of <c>POST /v1/credentials/{id}/descendants/revoke</c>.</summary>
public sealed record DescendantsRevocationRequest
{
    /// <summary>For the records and the audit, at most 200 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST …/revoke-all</c> on a user or an application.</summary>
public sealed record RevokeAllRequest
{
    /// <summary>Only what was issued before this time, which does not lie in the future; absent = everything.</summary>
    public DateTimeOffset? IssuedBefore { get; init; }

    /// <summary>For the records and the audit, at most 200 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a revocation of several credentials did.</summary>
/// <param name="Revoked">How many credentials it ended; those that were revoked before are not among them.</param>
public sealed record RevokedCount(long Revoked);

/// <summary>Body of <c>POST /v1/api-keys</c>: an application, its role and its key in one call.</summary>
public sealed record QuickApiKeyRequest
{
    /// <summary>Names the application and the key.</summary>
    public required string Name { get; init; }

    /// <summary>The API resource's identifier.</summary>
    public required string Api { get; init; }

    /// <summary>The scopes the key shall have there; at least one.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }
}
