using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>SQL of API resources.</summary>
public static class ApiResourceStore
{
    private const string Select = $"SELECT {ApiResourceRow.Columns} FROM api_resources";

    public static Task<ApiResourceRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<ApiResourceRow>($"{Select} WHERE id = @id{tx.Dialect.ForUpdate("api_resources")}", new { id });

    public static Task<ApiResourceRow?> FindAsync(DbConnection connection, string id) =>
        connection.QueryFirstOrDefaultAsync<ApiResourceRow>($"{Select} WHERE id = @id", new { id });

    public static async Task<IReadOnlyList<ApiResourceRow>> ListAsync(
        DbConnection connection,
        string? identifier,
        string? after,
        int limit
    ) =>
        [
            .. await connection.QueryAsync<ApiResourceRow>(
                $"{Select} WHERE (@identifier IS NULL OR identifier = @identifier) AND (@after IS NULL OR id > @after) ORDER BY id LIMIT @limit",
                new
                {
                    identifier,
                    after,
                    limit,
                }
            ),
        ];

    public static Task InsertAsync(WriteTransaction tx, ApiResourceRow row)
    {
        tx.Changed(ChangeKind.Catalog, row.Id);
        return tx.ExecuteAsync(
            """
            INSERT INTO api_resources (id, identifier, name, scopes, accepted_credentials, carriers, object_types, objects_in_tokens,
              access_token_lifetime_seconds, access_token_signing_alg, resource_servers, minimum_strength, one_time_tokens, access_log,
              scope_generation, created_at)
            VALUES (@Id, @Identifier, @Name, @Scopes, @AcceptedCredentials, @Carriers, @ObjectTypes, @ObjectsInTokens,
              @AccessTokenLifetimeSeconds, @AccessTokenSigningAlg, @ResourceServers, @MinimumStrength, @OneTimeTokens, @AccessLog,
              @ScopeGeneration, @CreatedAt)
            """,
            row
        );
    }

    public static Task UpdateAsync(WriteTransaction tx, ApiResourceRow row)
    {
        tx.Changed(ChangeKind.Catalog, row.Id);
        return tx.ExecuteAsync(
            """
            UPDATE api_resources SET name = @Name, scopes = @Scopes, accepted_credentials = @AcceptedCredentials, carriers = @Carriers,
              object_types = @ObjectTypes, objects_in_tokens = @ObjectsInTokens,
              access_token_lifetime_seconds = @AccessTokenLifetimeSeconds, access_token_signing_alg = @AccessTokenSigningAlg,
              resource_servers = @ResourceServers, minimum_strength = @MinimumStrength, one_time_tokens = @OneTimeTokens,
              access_log = @AccessLog, scope_generation = @ScopeGeneration
              WHERE id = @Id
            """,
            row
        );
    }

    public static async Task<bool> DeleteAsync(WriteTransaction tx, string id)
    {
        tx.Changed(ChangeKind.Catalog, id);
        if (await tx.ExecuteAsync("DELETE FROM api_resources WHERE id = @id", new { id }) == 0)
        {
            return false;
        }

        await Tombstones.BuryAsync(tx, id);
        return true;
    }

    /// <summary>
    /// Those of <paramref name="ids"/> that are applications. Malformed ids are left out of the query, because they may hold characters that
    /// SQL text cannot.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ApplicationsAmongAsync(WriteTransaction tx, IReadOnlyList<string> ids) =>
        await tx.QueryAsync<string>(
            $"SELECT id FROM principals WHERE type = 'application' AND deleted_at IS NULL AND {tx.Dialect.In("id", "@ids")}",
            new { ids = ids.Where(id => id is not null && PublicId.IsWellFormed(id, "app")).Append("").ToArray() }
        );
}
