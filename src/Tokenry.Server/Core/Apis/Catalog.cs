using System.Collections.Frozen;
using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>The facts of an API resource that decisions need.</summary>
public sealed record ApiResourceFacts
{
    public required string Id { get; init; }

    public required string Identifier { get; init; }

    public required ScopeSet Scopes { get; init; }

    /// <summary>The meaning of its scope names, and their implications.</summary>
    public ScopeRegister Register { get; init; } = ScopeRegister.Plain;

    /// <summary>
    /// Unix ms, moved ahead as ids of access tokens may be (<see cref="TokenIds.After"/>). An older grant or token of this name means an
    /// earlier API.
    /// </summary>
    public long CreatedAt { get; init; }

    /// <summary>Unix ms since when the identifier and all scope names have their current meaning.</summary>
    public long NamesSince => Math.Max(CreatedAt, Register.Creations.Latest);

    public required string[] AcceptedKinds { get; init; }

    public required string[] ObjectTypes { get; init; }

    public required bool ObjectsInTokens { get; init; }

    public required TimeSpan AccessTokenLifetime { get; init; }

    /// <summary>One of <see cref="JwsAlgorithms"/>. The <see cref="CatalogCache"/> ensures that this process holds a key of it.</summary>
    public string AccessTokenSigningAlg { get; init; } = JwsAlgorithms.Es256;

    public required string[] ResourceServers { get; init; }

    /// <summary>How clients may send a credential at a gateway door.</summary>
    public ApiCarriers Carriers { get; init; } = ApiCarriers.Default;

    /// <summary>The minimum strength of a request.</summary>
    public Strength MinimumStrength { get; init; }

    /// <summary>Whether an access token for it is valid for one verification only.</summary>
    public bool OneTimeTokens { get; init; }

    /// <summary>One of <see cref="AccessLogLevel"/>.</summary>
    public string AccessLog { get; init; } = AccessLogLevel.Denials;

    /// <summary>The scopes that accept fewer credential kinds than the API, with their kinds.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> NarrowedScopes
    {
        get;
        init
        {
            field = value;
            refusing = value
                .Values.SelectMany(kinds => kinds)
                .Distinct(StringComparer.Ordinal)
                .ToFrozenDictionary(
                    kind => kind,
                    kind =>
                        ScopeSet.Of(value.Where(scope => !scope.Value.Contains(kind, StringComparer.Ordinal)).Select(scope => scope.Key)),
                    StringComparer.Ordinal
                );
            narrowed = ScopeSet.Of(value.Keys);
        }
    } = FrozenDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary>For each kind that a narrowed scope accepts: the narrowed scopes that refuse it.</summary>
    private readonly FrozenDictionary<string, ScopeSet> refusing = FrozenDictionary<string, ScopeSet>.Empty;

    private readonly ScopeSet narrowed = ScopeSet.Empty;

    /// <summary>The scopes among <paramref name="scopes"/> that accept a credential of this kind.</summary>
    public ScopeSet Usable(ScopeSet scopes, string? kind) =>
        scopes.Except(kind is not null && refusing.TryGetValue(kind, out var refused) ? refused : narrowed);

    /// <summary>The kinds that all of these scopes accept.</summary>
    public IReadOnlyList<string> KindsFor(ScopeSet scopes) =>
        [
            .. AcceptedKinds.Where(kind =>
                scopes.All(scope => !NarrowedScopes.TryGetValue(scope, out var kinds) || kinds.Contains(kind, StringComparer.Ordinal))
            ),
        ];
}

/// <summary>The facts of a role that decisions need.</summary>
public sealed record RoleFacts
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required GrantSet Permissions { get; init; }

    public bool BuiltIn { get; init; }

    /// <summary>Whether every user may see its name and description, and ask for it.</summary>
    public bool IsRequestable { get; init; }
}

/// <summary>All API resources and roles, as one immutable snapshot.</summary>
public sealed class Catalog
{
    private readonly FrozenDictionary<string, ApiResourceFacts> byIdentifier;

    private readonly FrozenDictionary<string, ApiResourceFacts> byResourceId;

    /// <summary>By normalized identifier; identifiers that share a form are left out.</summary>
    private readonly FrozenDictionary<string, ApiResourceFacts> byNormalForm;

    private readonly FrozenDictionary<string, RoleFacts> byId;

    public Catalog(IEnumerable<ApiResourceFacts> resources, IEnumerable<RoleFacts> roles)
    {
        byIdentifier = resources.Append(ManagementApi.Resource).ToFrozenDictionary(resource => resource.Identifier, StringComparer.Ordinal);
        byResourceId = byIdentifier.Values.ToFrozenDictionary(resource => resource.Id, StringComparer.Ordinal);
        byNormalForm = byIdentifier
            .Values.GroupBy(resource => ResourceIdentifier.Normalize(resource.Identifier), StringComparer.Ordinal)
            .Where(same => same.Count() == 1)
            .ToFrozenDictionary(same => same.Key, same => same.Single(), StringComparer.Ordinal);
        byId = roles.Concat(ManagementApi.BuiltInRoles).ToFrozenDictionary(role => role.Id, StringComparer.Ordinal);
    }

    /// <summary>Every API resource, the management API included.</summary>
    public IEnumerable<ApiResourceFacts> Resources => byIdentifier.Values;

    public IEnumerable<RoleFacts> Roles => byId.Values;

    /// <summary>The API resource with exactly this identifier.</summary>
    public ApiResourceFacts? Resource(string identifier) => byIdentifier.GetValueOrDefault(identifier);

    public ApiResourceFacts? ResourceById(string id) => byResourceId.GetValueOrDefault(id);

    /// <summary>The API resource that a client means: with this identifier or an equivalent spelling (<see cref="ResourceIdentifier"/>).</summary>
    public ApiResourceFacts? Named(string identifier) =>
        Resource(identifier) ?? byNormalForm.GetValueOrDefault(ResourceIdentifier.Normalize(identifier));

    public RoleFacts? Role(string id) => byId.GetValueOrDefault(id);
}

/// <summary>Loads and keeps the <see cref="Catalog"/>.</summary>
public sealed class CatalogCache
{
    private const string Whole = "catalog";

    private readonly FactsCache<Catalog> cache;

    public CatalogCache(Database database, SigningKeyRing signingKeys, ChangeHub hub, Freshness freshness)
    {
        cache = new(_ => LoadAsync(database, signingKeys), freshness, capacity: 1);
        hub.Subscribe(ChangeKind.Catalog, _ => cache.Clear(), cache.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    /// <summary>The current snapshot; never null.</summary>
    public ValueTask<Catalog> GetAsync() => cache.GetAsync(Whole)!;

    private const string SelectResources = $"SELECT {ApiResourceRow.Columns} FROM api_resources";

    private const string SelectRoles = $"SELECT {RoleRow.Columns} FROM roles";

    /// <summary>Reads the catalog in the reader's database snapshot.</summary>
    internal static async Task<Catalog> ReadAsync(DbConnection connection) =>
        Of(await connection.QueryAsync<ApiResourceRow>(SelectResources), await connection.QueryAsync<RoleRow>(SelectRoles));

    /// <summary>Reads the catalog with the changes of this transaction.</summary>
    internal static async Task<Catalog> ReadAsync(WriteTransaction tx) =>
        Of(await tx.QueryAsync<ApiResourceRow>(SelectResources), await tx.QueryAsync<RoleRow>(SelectRoles));

    private static Catalog Of(IEnumerable<ApiResourceRow> resources, IEnumerable<RoleRow> roles) =>
        new([.. resources.Select(row => row.ToFacts())], [.. roles.Select(row => row.ToFacts())]);

    private static async Task<Catalog?> LoadAsync(Database database, SigningKeyRing signingKeys)
    {
        var catalog = await database.ReadAsync(ReadAsync);
        await signingKeys.HoldAsync(catalog.Resources.Select(api => api.AccessTokenSigningAlg));
        return catalog;
    }
}
