using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Apis;

/// <summary>Scopes by API identifier: a <see cref="Permission"/> list with each API once.</summary>
public sealed class PermissionSet
{
    public static readonly PermissionSet Empty = new([]);

    private readonly (string Api, ScopeSet Scopes)[] entries;

    private PermissionSet((string Api, ScopeSet Scopes)[] entries) => this.entries = entries;

    public IReadOnlyList<(string Api, ScopeSet Scopes)> Entries => entries;

    public static PermissionSet Of(IEnumerable<(string Api, ScopeSet Scopes)> entries) =>
        new([
            .. entries
                .GroupBy(entry => entry.Api, StringComparer.Ordinal)
                .Select(group => (group.Key, group.Aggregate(ScopeSet.Empty, (all, entry) => all.Union(entry.Scopes)))),
        ]);

    /// <summary>Creates a set from entries that name each API once.</summary>
    public static PermissionSet OfDistinct(IEnumerable<(string Api, ScopeSet Scopes)> entries) => new([.. entries]);

    public static PermissionSet Of(IEnumerable<Permission> permissions) =>
        Of(permissions.Select(permission => (permission.Api, ScopeSet.Of(permission.Scopes))));

    public static PermissionSet? OfNullable(IEnumerable<Permission>? permissions) => permissions is null ? null : Of(permissions);

    /// <summary>The scopes at that API; identifiers are compared byte for byte.</summary>
    public ScopeSet At(string api)
    {
        foreach (var entry in entries)
        {
            if (entry.Api == api)
            {
                return entry.Scopes;
            }
        }

        return ScopeSet.Empty;
    }

    public bool IsEmpty => entries.All(entry => entry.Scopes.IsEmpty);

    /// <summary>The scopes that the other set lacks, API by API; APIs without a rest are left out.</summary>
    public PermissionSet Except(PermissionSet other) => Except(other.At);

    /// <inheritdoc cref="Except(PermissionSet)"/>
    public PermissionSet Except(Func<string, ScopeSet> other) => Where((api, scopes) => scopes.Except(other(api)));

    /// <summary>The scopes that either set has, API by API.</summary>
    public PermissionSet Union(PermissionSet other) => Of(entries.Concat(other.entries));

    /// <summary>The scopes that both sets have, API by API.</summary>
    public PermissionSet Intersect(PermissionSet other) => Where((api, scopes) => scopes.Intersect(other.At(api)));

    private PermissionSet Where(Func<string, ScopeSet, ScopeSet> kept) =>
        new([.. entries.Select(entry => (entry.Api, Scopes: kept(entry.Api, entry.Scopes))).Where(entry => !entry.Scopes.IsEmpty)]);

    public IReadOnlyList<Permission> ToPermissions() => [.. entries.Select(entry => new Permission(entry.Api, [.. entry.Scopes]))];
}
