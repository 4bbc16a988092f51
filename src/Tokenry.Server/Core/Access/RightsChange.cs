using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Access;

/// <summary>What a mutation makes of the facts that rights are worked out from: read inside its transaction, before that is rolled back or committed.</summary>
/// <param name="Catalog">APIs and roles after it; <c>null</c> = as before.</param>
/// <param name="Principals">Those it touches, as they are after it; without their owners' facts.</param>
public sealed record RightsChange(Catalog? Catalog, IReadOnlyDictionary<string, PrincipalFacts> Principals)
{
    /// <summary>What a transaction has changed so far, by what it tells the caches.</summary>
    public static async Task<RightsChange> ReadAsync(WriteTransaction tx)
    {
        var principals = new Dictionary<string, PrincipalFacts>(StringComparer.Ordinal);
        foreach (var id in Changed(ChangeKind.Principal))
        {
            principals[id] = (await PrincipalStore.OwnFactsAsync(tx, id))!;
        }

        return new(Changed(ChangeKind.Catalog).Any() ? await CatalogCache.ReadAsync(tx) : null, principals);

        IEnumerable<string> Changed(string kind) =>
            tx.Changes.Where(change => change.Kind == kind).Select(change => change.Id).Distinct(StringComparer.Ordinal);
    }
}

/// <summary>Takes a mutation back that was only tried out.</summary>
public sealed class TriedOutException(RightsChange change) : Exception("The mutation was tried out and taken back.")
{
    public RightsChange Change => change;
}
