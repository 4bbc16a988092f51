using Dapper;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// The one upgrade step that SQL cannot do: before, users did not bound their applications. An application that has no more rights than its owner is bound
/// from now on. One that has more keeps them (<c>owner_bound: false</c>) until it is transferred, and the audit names each.
/// </summary>
public sealed class OwnedApplications(Database database, CatalogCache catalogs, SystemGate gate)
{
    private const string Property = "owned_applications";

    public async Task SettleAsync()
    {
        var state = await database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>("SELECT value FROM store_properties WHERE name = @Property", new { Property })
        );
        if (state != "unsettled")
        {
            return;
        }

        var catalog = await catalogs.GetAsync();
        await database.WriteAsync(async tx =>
        {
            // If several replicas start together, one does it.
            var isOurs =
                await tx.ExecuteAsync(
                    "UPDATE store_properties SET value = 'settled' WHERE name = @Property AND value = 'unsettled'",
                    new { Property }
                ) == 1;
            return isOurs && await SettleAsync(tx, catalog);
        });
    }

    private async Task<bool> SettleAsync(WriteTransaction tx, Catalog catalog)
    {
        var ids = await tx.QueryAsync<string>(
            "SELECT id FROM principals WHERE owner_id IS NOT NULL AND owner_bound = 0 AND deleted_at IS NULL ORDER BY id"
        );
        foreach (var id in ids)
        {
            var application = await PrincipalStore.FactsAsync(tx, id);
            if (HasMore(catalog, application, await PrincipalStore.FactsAsync(tx, application.OwnerId!)))
            {
                var entry = gate.Entry("application.left_unbound");
                entry.TargetType = PrincipalType.Application;
                entry.TargetId = id;
                entry.Reason = $"has more rights than its owner {application.OwnerId}";
                tx.Record(entry);
            }
            else
            {
                await PrincipalStore.SetOwnerAsync(tx, id, application.OwnerId);
            }
        }

        return true;
    }

    /// <summary>A disabled or deleted owner has no rights.</summary>
    private static bool HasMore(Catalog catalog, PrincipalFacts application, PrincipalFacts owner) =>
        !owner.Active
        || catalog.Resources.Any(api =>
            !Rights.Of(catalog, owner, api).IsSupersetOf(Rights.Of(catalog, application with { Active = true }, api))
        );
}
