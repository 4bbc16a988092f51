using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>What a personal access token may do in one of its organizations.</summary>
/// <param name="OrganizationId">The organization.</param>
/// <param name="Grants">Its grants there.</param>
public sealed record OrganizationGrants(string OrganizationId, GrantSet Grants);

/// <summary>
/// The grants of a role or a credential, one for each API; a personal access token may have other grants in organizations. Immutable; equal sets from the store
/// share memory.
/// </summary>
public sealed class GrantSet
{
    public static readonly GrantSet Empty = new([]);

    private static readonly InternPool<GrantSet> Read = new(Parse);

    private readonly Grant[] grants;
    private readonly OrganizationGrants[] organizations;

    private GrantSet(Grant[] grants, params OrganizationGrants[] organizations) =>
        (this.grants, this.organizations) = (grants, organizations);

    /// <summary>Without those in <see cref="Organizations"/>.</summary>
    public IReadOnlyList<Grant> Grants => grants;

    /// <summary>The grants of a personal access token that acts in several organizations; empty for all others.</summary>
    public IReadOnlyList<OrganizationGrants> Organizations => organizations;

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

    /// <summary>What holds where a credential with this set acts.</summary>
    /// <param name="organizationId">The organization in which it acts; <c>null</c> = in none.</param>
    public GrantSet In(string? organizationId) =>
        organizationId is null || organizations.Length == 0 ? this : (Find(organizationId)?.Grants ?? Empty);

    /// <summary>Whether it has grants in that organization.</summary>
    public bool Names(string organizationId) => Find(organizationId) is not null;

    /// <summary>This set with these grants in organizations.</summary>
    public GrantSet With(IEnumerable<OrganizationGrants> there) => new(grants, [.. there]);

    /// <summary>This set without the grant at the API resource.</summary>
    public GrantSet Without(string resourceId) => new([.. grants.Where(grant => grant.ResourceId != resourceId)]);

    private OrganizationGrants? Find(string organizationId)
    {
        foreach (var there in organizations)
        {
            if (there.OrganizationId == organizationId)
            {
                return there;
            }
        }

        return null;
    }

    /// <summary>The form of the HTTP API: names of APIs and scopes that still have their original meaning.</summary>
    public IReadOnlyList<Permission> ToPermissions(Catalog catalog) =>
        [
            .. from grant in grants
            let api = catalog.ResourceById(grant.ResourceId)
            where api is not null
            let scopes = api.Register.Generations.NotAfter(grant.Scopes, grant.AsOf).Intersect(api.Scopes)
            select new Permission(api.Identifier, [.. scopes]),
        ];

    /// <summary>The same for <see cref="Organizations"/>; <c>null</c> = none.</summary>
    public IReadOnlyList<OrganizationPermissions>? ToOrganizations(Catalog catalog) =>
        organizations.Length == 0
            ? null
            : [.. organizations.Select(there => new OrganizationPermissions(there.OrganizationId, there.Grants.ToPermissions(catalog)))];

    public string ToColumn() =>
        JsonColumn.Write(
            [.. ToStored(), .. organizations.SelectMany(there => there.Grants.ToStored(there.OrganizationId))],
            CatalogJson.Default.StoredGrantArray
        );

    private IEnumerable<StoredGrant> ToStored(string? organizationId = null) =>
        grants.Select(grant => new StoredGrant(grant.ResourceId, [.. grant.Scopes]) { AsOf = grant.AsOf, Org = organizationId });

    private static GrantSet Parse(string column)
    {
        var byOrganization = JsonColumn.Read(column, CatalogJson.Default.StoredGrantArray).ToLookup(stored => stored.Org);
        return new(
            ToGrants(byOrganization[null]),
            [
                .. byOrganization
                    .Where(there => there.Key is not null)
                    .Select(there => new OrganizationGrants(there.Key!, new(ToGrants(there)))),
            ]
        );
    }

    private static Grant[] ToGrants(IEnumerable<StoredGrant> stored) =>
        [.. stored.Select(grant => new Grant(grant.Res, ScopeSet.Of(grant.Scopes), grant.AsOf))];
}
