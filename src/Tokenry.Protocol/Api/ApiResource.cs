using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>One scope that an API resource defines.</summary>
/// <param name="Name">An RFC 6749 §3.3 scope-token of at most 200 characters.</param>
/// <param name="Description">Text for the person who grants the scope; at most 500 characters.</param>
/// <param name="AcceptedCredentials">
/// Kinds of credential that may use this scope, of the kinds that the API accepts; <c>null</c> = all of them. <c>packages:publish</c> may refuse a kind that
/// <c>packages:read</c> accepts.
/// </param>
/// <param name="Implies">
/// Other scopes of the same API that this scope includes, together with all that those imply. A scope must not imply itself, directly or through others.
/// Example: <c>invoices:write</c> implies <c>invoices:read</c>.
/// </param>
public sealed record ScopeDefinition(
    string Name,
    string? Description = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? AcceptedCredentials = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Implies = null
);

/// <summary>Values of <see cref="ApiResource.AccessLog"/>.</summary>
public static class AccessLogLevel
{
    /// <summary>The server records no single decision; it still keeps counters and aggregated denials.</summary>
    public const string None = "none";

    /// <summary>The server records each refusal.</summary>
    public const string Denials = "denials";

    /// <summary>The server records every decision at a door and every issued token.</summary>
    public const string All = "all";
}

/// <summary>Values of <see cref="ApiResource.MinimumStrength"/>, weakest first.</summary>
public static class MinimumStrength
{
    /// <summary>Possession of the credential is enough.</summary>
    public const string Bearer = "bearer";

    /// <summary>The request must be signed (RFC 9421), or its token bound to a key or certificate.</summary>
    public const string Signed = "signed";

    /// <summary>The token must be bound to a key (RFC 9449) or certificate (RFC 8705), and the request must carry the proof.</summary>
    public const string Bound = "bound";
}

/// <summary>A protected API.</summary>
public sealed record ApiResource
{
    /// <summary><c>res_…</c></summary>
    public required string Id { get; init; }

    /// <summary>
    /// The absolute URI that tokens carry as <c>aud</c> and clients send as <c>resource</c> (RFC 8707). The server compares it byte for byte; it never changes.
    /// </summary>
    public required string Identifier { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>The scopes this API defines.</summary>
    public required IReadOnlyList<ScopeDefinition> Scopes { get; init; }

    /// <summary>
    /// The kinds of credential that the API accepts: a subset of <c>api_key anonymous_api_key personal_access_token access_token public_key</c>.
    /// <c>public_key</c> is for signed requests (RFC 9421).
    /// </summary>
    public required IReadOnlyList<string> AcceptedCredentials { get; init; }

    /// <summary>Where a request may carry a credential: a subset of <c>bearer x_api_key basic query header:&lt;Name&gt;</c>.</summary>
    public required IReadOnlyList<string> Carriers { get; init; }

    /// <summary>The types of object in this API (<c>repo</c> in <c>repo:acme/web</c>); empty = none.</summary>
    public required IReadOnlyList<string> ObjectTypes { get; init; }

    /// <summary>Whether an access token may carry an <c>objects</c> claim for this API.</summary>
    public required bool ObjectsInTokens { get; init; }

    /// <summary>Lifetime of an access token for this API in seconds, 30…3600.</summary>
    public required int AccessTokenLifetimeSeconds { get; init; }

    /// <summary>The algorithm that signs its access tokens (RFC 7518 §3.1): <c>ES256</c> (default) or <c>RS256</c>.</summary>
    public required string AccessTokenSigningAlg { get; init; }

    /// <summary>Applications that may verify and introspect credentials for this API.</summary>
    public required IReadOnlyList<string> ResourceServers { get; init; }

    /// <summary>The least that a request must prove: <c>bearer</c> (default), <c>signed</c> or <c>bound</c>.</summary>
    public required string MinimumStrength { get; init; }

    /// <summary>Whether an access token for this API passes only one verification, at any door.</summary>
    public required bool OneTimeTokens { get; init; }

    /// <summary>
    /// Which decisions about this API the server records one by one: <c>none</c>, <c>denials</c> (default) or <c>all</c> (<see cref="AccessLogLevel"/>).
    /// </summary>
    public required string AccessLog { get; init; }

    /// <summary>When it was registered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Body of <c>POST /v1/api-resources</c>.</summary>
public sealed record ApiResourceRequest
{
    /// <inheritdoc cref="ApiResource.Identifier"/>
    public required string Identifier { get; init; }

    /// <inheritdoc cref="ApiResource.Name"/>
    public required string Name { get; init; }

    /// <inheritdoc cref="ApiResource.Scopes"/>
    public IReadOnlyList<ScopeDefinition>? Scopes { get; init; }

    /// <inheritdoc cref="ApiResource.AcceptedCredentials"/>
    public IReadOnlyList<string>? AcceptedCredentials { get; init; }

    /// <inheritdoc cref="ApiResource.Carriers"/>
    public IReadOnlyList<string>? Carriers { get; init; }

    /// <inheritdoc cref="ApiResource.ObjectTypes"/>
    public IReadOnlyList<string>? ObjectTypes { get; init; }

    /// <inheritdoc cref="ApiResource.ObjectsInTokens"/>
    public bool? ObjectsInTokens { get; init; }

    /// <inheritdoc cref="ApiResource.AccessTokenLifetimeSeconds"/>
    public int? AccessTokenLifetimeSeconds { get; init; }

    /// <inheritdoc cref="ApiResource.AccessTokenSigningAlg"/>
    public string? AccessTokenSigningAlg { get; init; }

    /// <inheritdoc cref="ApiResource.ResourceServers"/>
    public IReadOnlyList<string>? ResourceServers { get; init; }

    /// <inheritdoc cref="ApiResource.MinimumStrength"/>
    public string? MinimumStrength { get; init; }

    /// <inheritdoc cref="ApiResource.OneTimeTokens"/>
    public bool? OneTimeTokens { get; init; }

    /// <inheritdoc cref="ApiResource.AccessLog"/>
    public string? AccessLog { get; init; }
}

/// <summary>Body of <c>PATCH /v1/api-resources/{id}</c>: absent = keep, <c>null</c> = reset to the default.</summary>
public sealed record ApiResourcePatch
{
    /// <inheritdoc cref="ApiResource.Name"/>
    public Optional<string?> Name { get; init; }

    /// <inheritdoc cref="ApiResource.Scopes"/>
    public Optional<IReadOnlyList<ScopeDefinition>?> Scopes { get; init; }

    /// <inheritdoc cref="ApiResource.AcceptedCredentials"/>
    public Optional<IReadOnlyList<string>?> AcceptedCredentials { get; init; }

    /// <inheritdoc cref="ApiResource.Carriers"/>
    public Optional<IReadOnlyList<string>?> Carriers { get; init; }

    /// <inheritdoc cref="ApiResource.ObjectTypes"/>
    public Optional<IReadOnlyList<string>?> ObjectTypes { get; init; }

    /// <inheritdoc cref="ApiResource.ObjectsInTokens"/>
    public Optional<bool?> ObjectsInTokens { get; init; }

    /// <inheritdoc cref="ApiResource.AccessTokenLifetimeSeconds"/>
    public Optional<int?> AccessTokenLifetimeSeconds { get; init; }

    /// <inheritdoc cref="ApiResource.AccessTokenSigningAlg"/>
    public Optional<string?> AccessTokenSigningAlg { get; init; }

    /// <inheritdoc cref="ApiResource.ResourceServers"/>
    public Optional<IReadOnlyList<string>?> ResourceServers { get; init; }

    /// <inheritdoc cref="ApiResource.MinimumStrength"/>
    public Optional<string?> MinimumStrength { get; init; }

    /// <inheritdoc cref="ApiResource.OneTimeTokens"/>
    public Optional<bool?> OneTimeTokens { get; init; }

    /// <inheritdoc cref="ApiResource.AccessLog"/>
    public Optional<string?> AccessLog { get; init; }
}
