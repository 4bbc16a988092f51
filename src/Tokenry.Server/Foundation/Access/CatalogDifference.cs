namespace Tokenry.Server.Foundation.Access;

/// <summary>What two catalogs differ in.</summary>
/// <param name="Roles">Ids of roles that give something else, or whose APIs are altered.</param>
/// <param name="Resources">Identifiers of API resources that decide something else, or are only in one of them.</param>
/// <param name="Apis">Identifiers of APIs at which anybody's rights may differ.</param>
internal sealed record CatalogDifference(IReadOnlySet<string> Roles, IReadOnlySet<string> Resources, IReadOnlyCollection<string> Apis)
{
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
        foreach (var id in before.Roles.Concat(after.Roles).Select(role => role.Id).Distinct(StringComparer.Ordinal))
        {
            var (was, would) = (before.Role(id)?.Permissions, after.Role(id)?.Permissions);
            if (!Gives(was, would))
            {
                roles.Add(id);
                apis.UnionWith(ApisOf(was).Concat(ApisOf(would)));
            }
            else if (ApisOf(was).Any(resources.Contains))
            {
                roles.Add(id);
            }
        }

        return new(roles, resources, apis);
    }

    /// <summary>Whether they name an API that differs.</summary>
    public bool Mentions(PermissionSet? permissions) => ApisOf(permissions).Any(Resources.Contains);

    private static IEnumerable<string> ApisOf(PermissionSet? permissions) => permissions?.Entries.Select(entry => entry.Api) ?? [];

    /// <summary>Whether both give the same.</summary>
    private static bool Gives(PermissionSet? one, PermissionSet? other) =>
        ReferenceEquals(one, other)
        || one is not null && other is not null && ApisOf(one).Concat(ApisOf(other)).All(api => one.At(api).Equals(other.At(api)));

    /// <summary>Whether both decide the same about who may do what.</summary>
    private static bool Decides(ApiResourceFacts? one, ApiResourceFacts? other) =>
        ReferenceEquals(one, other)
        || one is not null
            && other is not null
            && one.Id == other.Id
            && one.Scopes.Equals(other.Scopes)
            && one.AcceptedKinds.Order(StringComparer.Ordinal).SequenceEqual(other.AcceptedKinds.Order(StringComparer.Ordinal))
            && one.ObjectTypes.Length == 0 == (other.ObjectTypes.Length == 0)
            && one.NarrowedScopes.Count == other.NarrowedScopes.Count
            && one.NarrowedScopes.All(scope =>
                other.NarrowedScopes.TryGetValue(scope.Key, out var kinds)
                && kinds.Order(StringComparer.Ordinal).SequenceEqual(scope.Value.Order(StringComparer.Ordinal))
            );
}
