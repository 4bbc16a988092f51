using Dapper;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// A random id that a store keeps for its life. It tells whether a signed head belongs to this store or to another one that uses the same directory, such
/// as the SQLite store from before a move to PostgreSQL. Backups and copies of a store have the same id.
/// </summary>
public sealed class StoreIdentity(Database database, TimeProvider time)
{
    private const string Property = "store_id";

    /// <summary>The id, such as <c>sto_…</c>; empty before <see cref="OpenAsync"/>.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Reads the id, and creates it if the store has none.</summary>
    public async Task OpenAsync()
    {
        if (await FindAsync() is not { } id)
        {
            await database.WriteAsync(tx =>
                tx.ExecuteAsync(
                    // Use the oldest event's id if there is one: then backups that are older than this property get the same id.
                    "INSERT INTO store_properties (name, value) VALUES (@Property, coalesce((SELECT 'sto' || substr(id, 4) FROM audit_events "
                        + "ORDER BY seq LIMIT 1), @made)) ON CONFLICT DO NOTHING",
                    new { Property, made = PublicId.Create("sto", PublicId.NewUuid7(time.GetUtcNow())) }
                )
            );
            id = await FindAsync() ?? throw new InvalidOperationException("The store took no id.");
        }

        Id = id;
    }

    private Task<string?> FindAsync() =>
        database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>("SELECT value FROM store_properties WHERE name = @Property", new { Property })
        );
}
