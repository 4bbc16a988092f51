using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// The facts behind rights as a mutation changes them. The server reads them inside the transaction, before it is rolled back or committed.
/// </summary>
/// <param name="Catalog">APIs and roles after it; <c>null</c> = as before.</param>
/// <param name="Principals">The principals it changes, as they are after it, without their owners' facts.</param>
public sealed record RightsChange(Catalog? Catalog, IReadOnlyDictionary<string, PrincipalFacts> Principals)
{
    /// <summary>Reads what a transaction has changed so far, from its cache notifications.</summary>
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

/// <summary>Rolls back a mutation that was only tried out.</summary>
public sealed class TriedOutException(RightsChange change) : Exception("The mutation was tried out and taken back.")
{
    public RightsChange Change => change;
}
