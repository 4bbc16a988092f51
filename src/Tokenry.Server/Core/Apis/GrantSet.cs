using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>What a role gives or a credential names, API by API. Immutable; equal ones that are read from the store share memory.</summary>
public sealed class GrantSet
{
    public static readonly GrantSet Empty = new([]);

    private static readonly InternPool<GrantSet> Read = new(Parse);

    private readonly Grant[] grants;

    private GrantSet(Grant[] grants) => this.grants = grants;

    public IReadOnlyList<Grant> Grants => grants;

    /// <summary>Of a column.</summary>
    public static GrantSet Of(string column) => Read.Get(column);

    /// <summary>Of a column that is empty where a credential has no grants of its own: then it does what its owner may do.</summary>
    public static GrantSet? OfNullable(string? column) => column is null ? null : Of(column);

    /// <summary>Of what is known to name registered APIs and their scopes, each API once.</summary>
    public static GrantSet Of(Catalog catalog, IEnumerable<Permission> permissions) =>
        Of(permissions.Select(permission => (catalog.Resource(permission.Api)!, ScopeSet.Of(permission.Scopes))));

    public static GrantSet Of(IEnumerable<(ApiResourceFacts Api, ScopeSet Scopes)> entries) =>
        new([.. entries.Select(entry => new Grant(entry.Api.Id, entry.Scopes, entry.Api.Register.Generation))]);

    /// <summary>What is allowed at that API by name and by what names imply.</summary>
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

    /// <summary>The same without what it has at that API resource.</summary>
    public GrantSet Without(string resourceId) => new([.. grants.Where(grant => grant.ResourceId != resourceId)]);

    /// <summary>As the API shows it: APIs and scopes that are still what they were, by name.</summary>
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
