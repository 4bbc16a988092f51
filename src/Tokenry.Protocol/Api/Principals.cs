namespace Tokenry.Protocol.Api;

/// <summary>A person, who owns personal access tokens.</summary>
public sealed record User
{
    /// <summary><c>usr_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Sign-in name: an e-mail address in ASCII (RFC 5321 §4.1.2, nothing quoted), at most 254 characters, stored in lower case, unique.</summary>
    public required string? Email { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Ids of the roles that this user holds. Every enabled user also has <c>member</c>, which is not listed.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary><c>false</c> = every check of the user's credentials answers <c>owner_disabled</c>.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Whether sign-in on pages asks for a code after the password. Tokens are not concerned.</summary>
    public required bool SecondFactor { get; init; }

    /// <summary>How many passkeys the user can sign in with on pages. A passkey counts as password and second factor.</summary>
    public required long Passkeys { get; init; }

    /// <summary>When the user was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Body of <c>POST /v1/users</c>.</summary>
// A class and not a record: a record would print the password.
public sealed class UserRequest
{
    /// <inheritdoc cref="User.Email"/>
    public required string Email { get; init; }

    /// <inheritdoc cref="User.Name"/>
    public string? Name { get; init; }

    /// <summary>Absent or <c>null</c> = no password; the person sets one at sign-in. In a PATCH, <c>null</c> removes the password.</summary>
    public string? Password { get; init; }

    /// <inheritdoc cref="User.Roles"/>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Body of <c>PATCH /v1/users/{id}</c>.</summary>
public sealed class UserPatch
{
    /// <inheritdoc cref="User.Email"/>
    public Optional<string?> Email { get; init; }

    /// <inheritdoc cref="User.Name"/>
    public Optional<string?> Name { get; init; }

    /// <inheritdoc cref="UserRequest.Password"/>
    public Optional<string?> Password { get; init; }

    /// <inheritdoc cref="User.Roles"/>
    public Optional<IReadOnlyList<string>?> Roles { get; init; }
}

/// <summary>A machine identity: a service, job, device or third-party app. It is the OAuth client; its id is the <c>client_id</c>.</summary>
public sealed record Application
{
    /// <summary><c>app_…</c></summary>
    public required string Id { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Ids of the roles that this application holds.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Permissions that this application has besides its roles; empty = none.</summary>
    public required IReadOnlyList<Permission> Permissions { get; init; }

    /// <summary><c>false</c> = the application gets no tokens, and every check of its credentials answers <c>owner_disabled</c>.</summary>
    public required bool Enabled { get; init; }

    /// <summary>How often all its credentials and tokens together may be used; <c>null</c> = no limit.</summary>
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <summary>
    /// The user who registered it under <c>applications:own</c>, or who received it by a transfer. <c>null</c> = no owner, for example because an administrator
    /// registered it.
    /// </summary>
    public string? OwnerId { get; init; }

    /// <summary>The organization that owns it and in which it always acts; <c>null</c> = none.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>
    /// Whether the owner limits the application: it has at most its owner's rights, and stops working while its owner is disabled or deleted. <c>false</c> is a
    /// weakness: the application had more rights than its owner when an upgrade introduced this limit. A transfer ends this, even one to the same owner.
    /// <c>null</c> if it has no owner.
    /// </summary>
    public bool? OwnerBound { get; init; }

    /// <summary>Its weaknesses, of <see cref="ApplicationWeakness"/>.</summary>
    public IReadOnlyList<string> Weaknesses { get; init; } = [];

    /// <summary>
    /// How it may authenticate at the token endpoint, of <see cref="ClientAuthenticationMethod"/>, strongest first. <c>null</c> = with any credential that it
    /// holds. <c>["none"]</c> makes it a public client.
    /// </summary>
    public IReadOnlyList<string>? TokenEndpointAuthMethods { get; init; }

    /// <summary>
    /// Whether its assertions may lack the <c>typ</c> <c>client-authentication+jwt</c>, as those of older client libraries do; default <c>false</c>.
    /// </summary>
    public bool AcceptsUntypedAssertions { get; init; }

    /// <summary>How strictly the server checks its assertions, of <see cref="AssertionPolicy"/>; default <c>strict</c>.</summary>
    public string Assertions { get; init; } = AssertionPolicy.Strict;

    /// <summary>Whether it gets only tokens bound to its own key by DPoP (RFC 9449 §5.2); default <c>false</c>.</summary>
    public bool DpopBoundAccessTokens { get; init; }

    /// <summary>Whether it gets only tokens bound to its TLS client certificate (RFC 8705 §3.4); default <c>false</c>.</summary>
    public bool TlsClientCertificateBoundAccessTokens { get; init; }

    /// <summary>Identifiers of the API resources for which it may exchange tokens of any subject (RFC 8693); <c>null</c> = none.</summary>
    public IReadOnlyList<string>? TokenExchangeAudiences { get; init; }

    /// <summary>When it was registered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Methods of client authentication (RFC 7591 §2, RFC 8705 §2), as metadata and applications list them.</summary>
public static class ClientAuthenticationMethod
{
    /// <summary>A client secret in the <c>Authorization</c> header (RFC 6749 §2.3.1).</summary>
    public const string ClientSecretBasic = "client_secret_basic";

    /// <summary>A client secret in the form (RFC 6749 §2.3.1).</summary>
    public const string ClientSecretPost = "client_secret_post";

    /// <summary>An assertion signed with a private key; the public half is registered (RFC 7523 §2.2).</summary>
    public const string PrivateKeyJwt = "private_key_jwt";

    /// <summary>A TLS client certificate with a registered name from a registered authority (RFC 8705 §2.1).</summary>
    public const string TlsClientAuth = "tls_client_auth";

    /// <summary>A TLS client certificate that is registered itself, or whose key is registered (RFC 8705 §2.2).</summary>
    public const string SelfSignedTlsClientAuth = "self_signed_tls_client_auth";

    /// <summary>
    /// Another issuer's token that a registered federated identity trusts, as an assertion (RFC 7523 §2.2) or as a subject token (RFC 8693). This name is
    /// Tokenry's own: on the wire, such a token is an ordinary assertion.
    /// </summary>
    public const string FederatedIdentity = "federated_identity";

    /// <summary>No authentication: a public client sends only its id (RFC 6749 §2.1).</summary>
    public const string None = "none";

    /// <summary>All methods, strongest first.</summary>
    public static IReadOnlyList<string> All { get; } =
    [TlsClientAuth, SelfSignedTlsClientAuth, PrivateKeyJwt, ClientSecretBasic, ClientSecretPost, FederatedIdentity, None];
}

/// <summary>How strictly the server checks an application's assertions (<c>private_key_jwt</c>).</summary>
public static class AssertionPolicy
{
    /// <summary>
    /// The <c>typ</c> <c>client-authentication+jwt</c>, the issuer as the only audience, a lifetime of at most ten minutes (draft-ietf-oauth-rfc7523bis).
    /// </summary>
    public const string Strict = "strict";

    /// <summary>
    /// What client libraries send by default (RFC 7523): any of the plain types, an endpoint of this server as audience, a lifetime of at most an hour. If
    /// another server misleads the client, that server can replay such an assertion here (audience injection).
    /// </summary>
    public const string Compatible = "compatible";
}

/// <summary>Body of <c>POST /v1/applications</c>.</summary>
public sealed record ApplicationRequest
{
    /// <inheritdoc cref="Application.Name"/>
    public required string Name { get; init; }

    /// <inheritdoc cref="Application.Roles"/>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <inheritdoc cref="Application.Permissions"/>
    public IReadOnlyList<Permission>? Permissions { get; init; }

    /// <inheritdoc cref="Application.RateLimits"/>
    public IReadOnlyList<RateLimit>? RateLimits { get; init; }

    /// <inheritdoc cref="Application.TokenEndpointAuthMethods"/>
    public IReadOnlyList<string>? TokenEndpointAuthMethods { get; init; }

    /// <inheritdoc cref="Application.AcceptsUntypedAssertions"/>
    public bool? AcceptsUntypedAssertions { get; init; }

    /// <inheritdoc cref="Application.Assertions"/>
    public string? Assertions { get; init; }

    /// <inheritdoc cref="Application.DpopBoundAccessTokens"/>
    public bool? DpopBoundAccessTokens { get; init; }

    /// <inheritdoc cref="Application.TlsClientCertificateBoundAccessTokens"/>
    public bool? TlsClientCertificateBoundAccessTokens { get; init; }

    /// <inheritdoc cref="Application.TokenExchangeAudiences"/>
    public IReadOnlyList<string>? TokenExchangeAudiences { get; init; }

    /// <summary>The organization that owns it. Absent = the organization in which the calling credential acts, if there is one.</summary>
    public string? OrganizationId { get; init; }
}

/// <summary>Body of <c>PATCH /v1/applications/{id}</c>.</summary>
public sealed record ApplicationPatch
{
    /// <inheritdoc cref="Application.Name"/>
    public Optional<string?> Name { get; init; }

    /// <inheritdoc cref="Application.Roles"/>
    public Optional<IReadOnlyList<string>?> Roles { get; init; }

    /// <inheritdoc cref="Application.Permissions"/>
    public Optional<IReadOnlyList<Permission>?> Permissions { get; init; }

    /// <inheritdoc cref="Application.RateLimits"/>
    public Optional<IReadOnlyList<RateLimit>?> RateLimits { get; init; }

    /// <inheritdoc cref="Application.TokenEndpointAuthMethods"/>
    public Optional<IReadOnlyList<string>?> TokenEndpointAuthMethods { get; init; }

    /// <inheritdoc cref="Application.AcceptsUntypedAssertions"/>
    public Optional<bool?> AcceptsUntypedAssertions { get; init; }

    /// <inheritdoc cref="Application.Assertions"/>
    public Optional<string?> Assertions { get; init; }

    /// <inheritdoc cref="Application.DpopBoundAccessTokens"/>
    public Optional<bool?> DpopBoundAccessTokens { get; init; }

    /// <inheritdoc cref="Application.TlsClientCertificateBoundAccessTokens"/>
    public Optional<bool?> TlsClientCertificateBoundAccessTokens { get; init; }

    /// <inheritdoc cref="Application.TokenExchangeAudiences"/>
    public Optional<IReadOnlyList<string>?> TokenExchangeAudiences { get; init; }
}
