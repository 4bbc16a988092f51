using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Core.Access;

/// <summary>The differences between two catalogs.</summary>
/// <param name="Roles">Ids of roles that give different rights, or whose APIs differ.</param>
/// <param name="Resources">Identifiers of API resources that decide differently, or that only one catalog has.</param>
/// <param name="Apis">Identifiers of APIs at which a principal's rights may differ.</param>
internal sealed record CatalogDifference(IReadOnlySet<string> Roles, IReadOnlySet<string> Resources, IReadOnlyCollection<string> Apis)
{
    /// <summary>
    /// Whether a principal may have more rights through the difference. If not, no principal gains, even one that gets a differing role later.
    /// </summary>
    public bool Widens { get; private init; }

    public bool IsEmpty => Apis.Count == 0;

    public static CatalogDifference Of(Catalog before, Catalog after)
    {
        var resources = before
            .Resources.Concat(after.Resources)
            .Select(api => api.Identifier)
            .Distinct(StringComparer.Ordinal)
            .Where(api => !Decides(before.Resource(api), after.Resource(api)))
            .ToHashSet(StringComparer.Ordinal);
        var roles = new HashSet<string>(StringComparer.Ordinal);
        var apis = new HashSet<string>(resources, StringComparer.Ordinal);
        var widens = resources.Any(api => after.Resource(api) is not null);
        foreach (var id in before.Roles.Concat(after.Roles).Select(role => role.Id).Distinct(StringComparer.Ordinal))
        {
            var (was, would) = (before.Role(id)?.Permissions, after.Role(id)?.Permissions);
            var (given, then) = (Rights.OfGrants(before, was), Rights.OfGrants(after, would));
            var differ = given
                .Entries.Concat(then.Entries)
                .Select(entry => entry.Api)
                .Where(api => !given.At(api).Equals(then.At(api)))
                .ToList();
            apis.UnionWith(differ);
            widens |= differ.Any(api => !then.At(api).Except(given.At(api)).IsEmpty);
            if (differ.Count > 0 || given.Entries.Any(entry => resources.Contains(entry.Api)))
            {
                roles.Add(id);
            }
        }

        return new(roles, resources, apis) { Widens = widens };
    }

    /// <summary>Whether the grants name an API that differs.</summary>
    /// <param name="catalog">The catalog before or after.</param>
    /// <param name="grants">The permissions of an application beside its roles.</param>
    public bool Mentions(Catalog catalog, GrantSet? grants) =>
        grants?.Grants.Any(grant => catalog.ResourceById(grant.ResourceId) is { } api && Resources.Contains(api.Identifier)) == true;

    /// <summary>Whether both make the same decisions about rights.</summary>
    private static bool Decides(ApiResourceFacts? one, ApiResourceFacts? other) =>
        ReferenceEquals(one, other)
        || one is not null
            && other is not null
            && one.Id == other.Id
            && one.Scopes.Equals(other.Scopes)
            // A name may mean another scope now, or imply others.
            && one.Register.Generation == other.Register.Generation
            && one.Scopes.All(scope => Closure(one, scope).Equals(Closure(other, scope)))
            && one.AcceptedKinds.Order(StringComparer.Ordinal).SequenceEqual(other.AcceptedKinds.Order(StringComparer.Ordinal))
            // Roles on objects count at the APIs that declare the type.
            && one.ObjectTypes.Order(StringComparer.Ordinal).SequenceEqual(other.ObjectTypes.Order(StringComparer.Ordinal))
            && one.NarrowedScopes.Count == other.NarrowedScopes.Count
            && one.NarrowedScopes.All(scope =>
                other.NarrowedScopes.TryGetValue(scope.Key, out var kinds)
                && kinds.Order(StringComparer.Ordinal).SequenceEqual(scope.Value.Order(StringComparer.Ordinal))
            );

    private static ScopeSet Closure(ApiResourceFacts api, string scope) => api.Register.Hierarchy.Closure(ScopeSet.Of([scope]));
}
