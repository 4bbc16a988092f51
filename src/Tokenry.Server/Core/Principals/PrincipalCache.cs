using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>
/// Principals by id, and the organizations in which they act. A bounded application is composed of two entries, so that a change of a user reaches all of the
/// user's applications without naming them.
/// </summary>
public sealed class PrincipalCache
{
    private readonly FactsCache<Entry> cache;
    private readonly FactsCache<OrganizationFacts> organizations;

    public PrincipalCache(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(id => LoadAsync(database, id), freshness, capacity: 100_000);
        hub.Subscribe(ChangeKind.Principal, cache.Invalidate, cache.Clear);
        organizations = new(
            id => database.ReadAsync(connection => OrganizationStore.FactsAsync(connection, id)),
            freshness,
            capacity: 10_000
        );
        hub.Subscribe(ChangeKind.Organization, organizations.Invalidate, organizations.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    /// <summary>For organizations.</summary>
    public FactsCacheCounts OrganizationCounts => organizations.Counts;

    /// <param name="id">The principal.</param>
    /// <param name="organizationId">The organization in which it acts; <c>null</c> = the one that owns it, if there is one.</param>
    public ValueTask<PrincipalFacts?> GetAsync(string id, string? organizationId = null) => GetAsync(id, organizationId, line: 1);

    /// <summary>The facts of an organization; <c>null</c> = it does not exist.</summary>
    public ValueTask<OrganizationFacts?> OrganizationAsync(string id) => organizations.GetAsync(id);

    /// <summary>The application that a client names; <c>null</c> if it does not exist. A malformed id does not reach the cache.</summary>
    public ValueTask<PrincipalFacts?> ClientAsync(string clientId) => PublicId.IsWellFormed(clientId, "app") ? GetAsync(clientId) : default;

    private ValueTask<PrincipalFacts?> GetAsync(string id, string? organizationId, int line)
    {
        var loading = cache.GetAsync(id);
        return loading.IsCompletedSuccessfully ? Whole(loading.Result, organizationId, line) : LoadedAsync(loading, organizationId, line);
    }

    private async ValueTask<PrincipalFacts?> LoadedAsync(ValueTask<Entry?> loading, string? organizationId, int line) =>
        await Whole(await loading, organizationId, line);

    private ValueTask<PrincipalFacts?> Whole(Entry? entry, string? organizationId, int line)
    {
        if (entry is null)
        {
            return default;
        }

        if ((organizationId ?? entry.Own.Home?.Id) is { } acts)
        {
            return InOrganizationAsync(entry, acts, line);
        }

        if (!entry.Own.IsOwnerBound)
        {
            return new(entry.Own);
        }

        if (line == PrincipalFacts.LongestLine)
        {
            return new(entry.Own.Under(null));
        }

        var owner = GetAsync(entry.Own.OwnerId!, organizationId: null, line + 1);
        return owner.IsCompletedSuccessfully ? new(entry.Under(owner.Result)) : UnderAsync(entry, owner);
    }

    private async ValueTask<PrincipalFacts?> InOrganizationAsync(Entry entry, string organizationId, int line)
    {
        var organization = await organizations.GetAsync(organizationId);
        var owner =
            entry.Own.IsOwnerBound && line < PrincipalFacts.LongestLine
                ? await GetAsync(entry.Own.OwnerId!, organizationId, line + 1)
                : null;
        return entry.In(organizationId, organization, owner);
    }

    private static async ValueTask<PrincipalFacts?> UnderAsync(Entry entry, ValueTask<PrincipalFacts?> owner) => entry.Under(await owner);

    private static Task<Entry?> LoadAsync(Database database, string id) =>
        database.ReadAsync(async connection => await PrincipalStore.OwnFactsAsync(connection, id) is { } own ? new Entry(own) : null);

    private sealed class Entry(PrincipalFacts own)
    {
        private PrincipalFacts? bounded;
        private Acting? acting;

        public PrincipalFacts Own => own;

        /// <summary>Composed again only if the owner's facts changed, so that a check allocates nothing.</summary>
        public PrincipalFacts Under(PrincipalFacts? owner)
        {
            var known = Volatile.Read(ref bounded);
            if (known is not null && ReferenceEquals(known.Owner, owner))
            {
                return known;
            }

            var made = own.Under(owner);
            Volatile.Write(ref bounded, made);
            return made;
        }

        /// <summary>The same for an organization: the composition for the last one is kept.</summary>
        public PrincipalFacts In(string organizationId, OrganizationFacts? organization, PrincipalFacts? owner)
        {
            var known = Volatile.Read(ref acting);
            if (
                known is not null
                && known.Facts.ActsIn == organizationId
                && ReferenceEquals(known.Organization, organization)
                && ReferenceEquals(known.Facts.Owner, owner)
            )
            {
                return known.Facts;
            }

            var made = own.In(organizationId, organization);
            made = own.IsOwnerBound ? made.Under(owner) : made;
            Volatile.Write(ref acting, new Acting(organization, made));
            return made;
        }

        private sealed record Acting(OrganizationFacts? Organization, PrincipalFacts Facts);
    }
}
