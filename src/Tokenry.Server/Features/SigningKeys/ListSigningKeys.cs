using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary>Lists and shows signing keys in every state, oldest first.</summary>
public sealed class ListSigningKeys(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.SigningKeysRead);

    public Task<Page<Protocol.Api.SigningKey>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadAsync(
            caller,
            Demand,
            "signing_keys.listed",
            async read =>
            {
                var rows = await read.Connection.QueryAsync<SigningKeyRow>(
                    $"""
                    SELECT {SigningKeyRow.Columns} FROM signing_keys
                    WHERE (@algorithm IS NULL OR algorithm = @algorithm) AND (@state IS NULL OR state = @state)
                      AND (@after IS NULL OR (created_at, key_id) > (SELECT created_at, key_id FROM signing_keys WHERE key_id = @after))
                    ORDER BY created_at, key_id LIMIT @limit
                    """,
                    new
                    {
                        algorithm = listing.Text("algorithm"),
                        state = listing.OneOf(
                            "state",
                            SigningKeyState.Next,
                            SigningKeyState.Active,
                            SigningKeyState.Retired,
                            SigningKeyState.Removed,
                            SigningKeyState.Tainted
                        ),
                        after = listing.Cursor,
                        limit = listing.Limit + 1,
                    }
                );
                return listing.ToPage([.. rows], row => row.ToSigningKey(), row => row.KeyId);
            }
        );
    }

    public async Task<Protocol.Api.SigningKey> ShowAsync(Caller caller, string id)
    {
        var row = await gate.ReadOneAsync(
            caller,
            Demand,
            "signing_key.read",
            read =>
                read.Connection.QueryFirstOrDefaultAsync<SigningKeyRow>(
                    $"SELECT {SigningKeyRow.Columns} FROM signing_keys WHERE key_id = @id",
                    new { id }
                )
        );
        return row?.ToSigningKey() ?? throw ProblemException.NotFound();
    }
}
