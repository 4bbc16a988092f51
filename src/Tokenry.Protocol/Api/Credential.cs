using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>The owner of a credential.</summary>
/// <param name="Type"><c>user</c> or <c>application</c>.</param>
/// <param name="Id"><c>usr_…</c> or <c>app_…</c></param>
public sealed record CredentialOwner(string Type, string Id);

/// <summary>The last successful use of a credential. The server collects it in memory, so it may be up to a second late.</summary>
public sealed record LastUse(DateTimeOffset At, string? Ip, string? Agent);

/// <summary>Values of <see cref="Credential.Kind"/> and of a verification's <c>kind</c>.</summary>
public static class CredentialKind
{
    /// <summary>An application's opaque key.</summary>
    public const string ApiKey = "api_key";

    /// <summary>A key that identifies only the application, for its quota: it has no subject and no scopes.</summary>
    public const string AnonymousApiKey = "anonymous_api_key";

    /// <summary>A user's own opaque token.</summary>
    public const string PersonalAccessToken = "personal_access_token";

    /// <summary>A secret with which an application authenticates at the token endpoint; no API accepts it.</summary>
    public const string ClientSecret = "client_secret";

    /// <summary>The public half of a key with which an application signs assertions (<c>private_key_jwt</c>) at the token endpoint.</summary>
    public const string PublicKey = "public_key";

    /// <summary>A TLS client certificate, or a rule for certificates, with which an application authenticates at the token endpoint (RFC 8705 §2).</summary>
    public const string Certificate = "certificate";

    /// <summary>Tokens of another issuer with which an application authenticates at the token endpoint.</summary>
    public const string FederatedIdentity = "federated_identity";

    /// <summary>A JWT from the token endpoint (RFC 9068).</summary>
    public const string AccessToken = "access_token";

    /// <summary>Whether an application authenticates with it at the token endpoint. Such a credential opens no API itself.</summary>
    public static bool IsClientAuthentication(string? kind) => kind is ClientSecret or PublicKey or Certificate or FederatedIdentity;
}

/// <summary>Values of <see cref="Credential.RequestSigning"/>.</summary>
public static class RequestSigning
{
    /// <summary>The credential has no signing key.</summary>
    public const string None = "none";

    /// <summary>The client may sign requests with it, or send it as a secret.</summary>
    public const string Optional = "optional";

    /// <summary>The client must sign requests with it.</summary>
    public const string Required = "required";
}

/// <summary>A credential as the API shows it, without the secret. Only the answer that creates or rotates a credential contains its secret.</summary>
// A class and not a record: a record would print the secret.
public sealed class Credential
{
    /// <summary><c>key_…</c>, <c>pat_…</c>, <c>sec_…</c>, <c>jwk_…</c>, <c>crt_…</c> or <c>fed_…</c></summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Enough to recognise the credential, but not to use it. For a secret: its brand, kind and last four characters. For a key or certificate: its thumbprint.
    /// </summary>
    public required string Masked { get; init; }

    /// <summary>The owner.</summary>
    public required CredentialOwner Owner { get; init; }

    /// <summary>The organization in which it acts: its owner has the roles there beside those everywhere. <c>null</c> = in none.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>
    /// The upper limit of what it may do: a list, or <c>owner</c> = all that its owner may do at APIs other than Tokenry's own, now and later. <c>null</c> for
    /// an anonymous key and for credentials that authenticate a client.
    /// </summary>
    public CredentialPermissions? Permissions { get; init; }

    /// <summary>
    /// For a personal access token that acts in several organizations: its permissions in each. A request that names none of them
    /// (<see cref="VerifyRequest.Organization"/>) gets <see cref="Permissions"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OrganizationPermissions>? Organizations { get; init; }

    /// <summary>Patterns <c>type:id</c> that limit it to objects; <c>null</c> = not limited.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The principal that created it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The credential that minted it, which may be deleted. <c>null</c> if the server minted it, or a version that did not record this.</summary>
    public string? CreatedWith { get; init; }

    /// <summary>For a key or certificate that replaced another (<c>/oauth/renew</c>): the credential that it replaced.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RenewedFrom { get; init; }

    /// <summary>For a key or certificate that was replaced (<c>/oauth/renew</c>): the credential that replaced it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SupersededBy { get; init; }

    /// <summary>The first instant at which it no longer works; <c>null</c> = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The age in days, 1…3650, at which its holder should replace it; <c>null</c> = no such age.</summary>
    public int? RotateEveryDays { get; init; }

    /// <summary>
    /// When its holder should replace it: at its expiry, or when it is <c>rotate_every_days</c> old, whichever comes first. It still works after that
    /// time. The audit warns 30, 7 and 1 day before (<c>credential.due</c>).
    /// </summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The first instant at which it works.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>CIDR ranges from which it may be used; <c>null</c> = anywhere.</summary>
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <summary>How often it may be used; every limit applies. <c>null</c> = it has no limit of its own.</summary>
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <summary>The holder's own notes: a JSON object of at most 4096 bytes.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary><c>active</c>, <c>pending_approval</c>, <c>scheduled</c>, <c>disabled</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    /// <summary>If a policy demanded an approval of it: the approval.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CredentialApproval? Approval { get; init; }

    /// <summary>Its weaknesses, of <see cref="CredentialWeakness"/>; empty is best.</summary>
    public IReadOnlyList<string> Weaknesses { get; init; } = [];

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was revoked, in the words of the caller who revoked it.</summary>
    public string? RevokedReason { get; init; }

    /// <summary>The last successful use.</summary>
    public LastUse? LastUsed { get; init; }

    /// <summary>When the secret before the last rotation stops working.</summary>
    public DateTimeOffset? PreviousExpiresAt { get; init; }

    /// <summary>
    /// While the secret before the last rotation still works: its last successful use since the rotation. <c>null</c> = no caller used it since then.
    /// </summary>
    public LastUse? PreviousLastUsed { get; init; }

    /// <summary>For a public key: the key.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegisteredKey? PublicKey { get; init; }

    /// <summary>For a certificate: the certificates that it covers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegisteredCertificate? Certificate { get; init; }

    /// <summary>For a federated identity: the tokens that it trusts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FederatedIdentity? FederatedIdentity { get; init; }

    /// <summary>For an API key: whether its holder signs requests with it (RFC 9421): <c>none</c>, <c>optional</c> or <c>required</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestSigning { get; init; }

    /// <summary>For an API key: whether the server keeps a sealed copy of its secret, which <c>POST …/reveal</c> shows again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Recoverable { get; init; }

    /// <summary>
    /// The secret. Only the answer that creates or rotates an API key or a personal access token contains it, and the answer that reveals a recoverable API key.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }

    /// <summary>The secret. Only the answer that creates or rotates a client secret contains it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClientSecret { get; init; }

    /// <summary>
    /// The key that signs its requests with <c>hmac-sha256</c>: 32 bytes in base64url. Only the answer that creates, rotates or reveals an API key with
    /// <c>request_signing</c> contains it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SigningKey { get; init; }
}

/// <summary>The members of every request that creates or registers a credential.</summary>
/// <remarks>The order keeps the members of the published schema in their places.</remarks>
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

    /// <summary>Why it is needed, in 1…500 characters, for the person who approves it. Required if a policy demands an approval.</summary>
    [JsonPropertyOrder(10)]
    public string? Justification { get; init; }
}

/// <summary>Body that creates a credential. Client secrets accept only <c>name, expires_at, not_before, allowed_ips, metadata</c>.</summary>
public sealed record CredentialRequest : NewCredentialRequest
{
    /// <summary><c>true</c> creates an anonymous API key, which has neither permissions nor objects.</summary>
    public bool? Anonymous { get; init; }

    /// <summary>
    /// The upper limit of what it may do: a list, or <c>owner</c> = all that its owner may do at APIs other than Tokenry's own, now and later. Absent = a list
    /// of what the owner may do at other APIs now. A personal access token that a user creates for themselves gets no more than the calling credential has.
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

    /// <summary>
    /// The organization in which it acts; the owner must be a member. It cannot be changed later. Absent = the organization of the calling credential or of
    /// the application, if there is one.
    /// </summary>
    [JsonPropertyOrder(8)]
    public string? OrganizationId { get; init; }

    /// <summary><c>true</c> = the server keeps a sealed copy of the API key's secret, which <c>POST …/reveal</c> shows again. Absent = it keeps a hash only.</summary>
    [JsonPropertyOrder(9)]
    public bool? Recoverable { get; init; }

    /// <summary>
    /// For a personal access token: up to 20 organizations in which it acts, each with its permissions there; the user must be a member. Not together with
    /// <c>organization_id</c>.
    /// </summary>
    [JsonPropertyOrder(10)]
    public IReadOnlyList<OrganizationPermissions>? Organizations { get; init; }
}

/// <summary>Body of <c>PATCH</c> on a credential: absent = keep, <c>null</c> = clear. The resulting credential must pass the minting rule.</summary>
public sealed record CredentialPatch
{
    /// <inheritdoc cref="Credential.Name"/>
    public Optional<string?> Name { get; init; }

    /// <summary>A list, or <c>owner</c> = all that its owner may do at APIs other than Tokenry's own, now and later. Never <c>null</c>.</summary>
    public Optional<CredentialPermissions?> Permissions { get; init; }

    /// <summary>
    /// For a personal access token: all organizations in which it acts from now on, up to 20, each with its permissions there; the user must be a member.
    /// <c>null</c> = none. A token of one organization (<c>organization_id</c>) stays there.
    /// </summary>
    public Optional<IReadOnlyList<OrganizationPermissions>?> Organizations { get; init; }

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

    /// <summary><c>optional</c> or <c>required</c>. A change cannot add or remove a signing key: that is decided at creation.</summary>
    public Optional<string?> RequestSigning { get; init; }

    /// <summary><c>false</c> deletes the sealed copy of the API key's secret. A key becomes recoverable only when it is created.</summary>
    public Optional<bool?> Recoverable { get; init; }
}

/// <summary>Body of <c>POST …/rotate</c>.</summary>
public sealed record RotationRequest
{
    /// <summary>How long the replaced secret still works: 0…2 592 000 s (30 days), but never past the original expiry.</summary>
    public required int OverlapSeconds { get; init; }

    /// <summary>A new expiry; required to renew an expired credential.</summary>
    public Optional<DateTimeOffset?> ExpiresAt { get; init; }
}

/// <summary>Body of <c>POST /v1/credentials/{id}/descendants/revoke</c>.</summary>
public sealed record DescendantsRevocationRequest
{
    /// <summary>For the credential's record and the audit; at most 200 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST …/revoke-all</c> on a user or an application.</summary>
public sealed record RevokeAllRequest
{
    /// <summary>Revokes only credentials issued before this time, which must not be in the future; absent = all.</summary>
    public DateTimeOffset? IssuedBefore { get; init; }

    /// <summary>For the credential's record and the audit; at most 200 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>The result of a revocation of several credentials.</summary>
/// <param name="Revoked">The number of credentials that it revoked. Credentials that were revoked before are not counted.</param>
public sealed record RevokedCount(long Revoked);

/// <summary>Body of <c>POST /v1/api-keys</c>: an application, its role and its key in one call.</summary>
public sealed record QuickApiKeyRequest
{
    /// <summary>Names the application and the key.</summary>
    public required string Name { get; init; }

    /// <summary>The API resource's identifier.</summary>
    public required string Api { get; init; }

    /// <summary>The scopes of the key at this API; at least one.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <inheritdoc cref="NewCredentialRequest.Justification"/>
    public string? Justification { get; init; }
}
