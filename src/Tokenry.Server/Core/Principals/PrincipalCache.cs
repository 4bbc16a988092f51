using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>
/// Principals by id. A bounded application is composed of two entries, so that a change of a user reaches all of the user's applications without naming them.
/// </summary>
public sealed class PrincipalCache
{
    private readonly FactsCache<Entry> cache;

    public PrincipalCache(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(id => LoadAsync(database, id), freshness, capacity: 100_000);
        hub.Subscribe(ChangeKind.Principal, cache.Invalidate, cache.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    public ValueTask<PrincipalFacts?> GetAsync(string id) => GetAsync(id, line: 1);

    /// <summary>The application that a client names; <c>null</c> if it does not exist. A malformed id does not reach the cache.</summary>
    public ValueTask<PrincipalFacts?> ClientAsync(string clientId) => PublicId.IsWellFormed(clientId, "app") ? GetAsync(clientId) : default;

    private ValueTask<PrincipalFacts?> GetAsync(string id, int line)
    {
        var loading = cache.GetAsync(id);
        return loading.IsCompletedSuccessfully ? Whole(loading.Result, line) : LoadedAsync(loading, line);
    }

    private async ValueTask<PrincipalFacts?> LoadedAsync(ValueTask<Entry?> loading, int line) => await Whole(await loading, line);

    private ValueTask<PrincipalFacts?> Whole(Entry? entry, int line)
    {
        if (entry is not { Own.IsOwnerBound: true })
        {
            return new(entry?.Own);
        }

        if (line == PrincipalFacts.LongestLine)
        {
            return new(entry.Own.Under(null));
        }

        var owner = GetAsync(entry.Own.OwnerId!, line + 1);
        return owner.IsCompletedSuccessfully ? new(entry.Under(owner.Result)) : UnderAsync(entry, owner);
    }

    private static async ValueTask<PrincipalFacts?> UnderAsync(Entry entry, ValueTask<PrincipalFacts?> owner) => entry.Under(await owner);

    private static Task<Entry?> LoadAsync(Database database, string id) =>
        database.ReadAsync(async connection => await PrincipalStore.OwnFactsAsync(connection, id) is { } own ? new Entry(own) : null);

    private sealed class Entry(PrincipalFacts own)
    {
        private PrincipalFacts? bounded;

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
    }
}
