using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>The grants of a role or a credential, one for each API. Immutable; equal sets from the store share memory.</summary>
public sealed class GrantSet
{
    public static readonly GrantSet Empty = new([]);

    private static readonly InternPool<GrantSet> Read = new(Parse);

    private readonly Grant[] grants;

    private GrantSet(Grant[] grants) => this.grants = grants;

    public IReadOnlyList<Grant> Grants => grants;

    /// <summary>Reads a column.</summary>
    public static GrantSet Of(string column) => Read.Get(column);

    /// <summary>Reads a column that is null if the credential has no grants of its own; then the rights of its owner apply.</summary>
    public static GrantSet? OfNullable(string? column) => column is null ? null : Of(column);

    /// <summary>Converts permissions that name registered APIs and their scopes, each API once.</summary>
    public static GrantSet Of(Catalog catalog, IEnumerable<Permission> permissions) =>
        Of(permissions.Select(permission => (catalog.Resource(permission.Api)!, ScopeSet.Of(permission.Scopes))));

    public static GrantSet Of(IEnumerable<(ApiResourceFacts Api, ScopeSet Scopes)> entries) =>
        new([.. entries.Select(entry => new Grant(entry.Api.Id, entry.Scopes, entry.Api.Register.Generation))]);

    /// <summary>The allowed scopes at the API, including implied ones.</summary>
    public ScopeSet At(ApiResourceFacts api)
    {
        foreach (var grant in grants)
        {
            if (grant.ResourceId == api.Id)
            {
                return grant.At(api);
            }
        }

        return ScopeSet.Empty;
    }

    /// <summary>This set without the grant at the API resource.</summary>
    public GrantSet Without(string resourceId) => new([.. grants.Where(grant => grant.ResourceId != resourceId)]);

    /// <summary>The form of the HTTP API: names of APIs and scopes that still have their original meaning.</summary>
    public IReadOnlyList<Permission> ToPermissions(Catalog catalog) =>
        [
            .. from grant in grants
            let api = catalog.ResourceById(grant.ResourceId)
            where api is not null
            let scopes = api.Register.Generations.NotAfter(grant.Scopes, grant.AsOf).Intersect(api.Scopes)
            select new Permission(api.Identifier, [.. scopes]),
        ];

    public string ToColumn() =>
        JsonColumn.Write(
            [.. grants.Select(grant => new StoredGrant(grant.ResourceId, [.. grant.Scopes]) { AsOf = grant.AsOf })],
            CatalogJson.Default.StoredGrantArray
        );

    private static GrantSet Parse(string column) =>
        new([
            .. JsonColumn
                .Read(column, CatalogJson.Default.StoredGrantArray)
                .Select(stored => new Grant(stored.Res, ScopeSet.Of(stored.Scopes), stored.AsOf)),
        ]);
}
