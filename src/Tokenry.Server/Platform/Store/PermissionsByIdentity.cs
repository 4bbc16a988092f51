using System.Text.Json.Nodes;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The part of migration 11 that SQL cannot express: permissions stored by an API's identifier now refer to its id. Permissions for a deleted API or scope are
/// dropped, so that they do not revive when the name is used again.
/// </summary>
internal static class PermissionsByIdentity
{
    public const int Number = 11;

    private const int PageSize = 2000;
    private const int MostIds = 400;

    public static async Task RunAsync(WriteTransaction tx)
    {
        var apis = (await tx.QueryAsync<ApiRow>("SELECT id, identifier, scopes FROM api_resources")).ToDictionary(
            row => row.Identifier,
            row => (row.Id, Scopes: (HashSet<string>?)row.ScopeNames()),
            StringComparer.Ordinal
        );
        // The management API has no row, and keeps every scope that it ever had.
        apis["urn:tokenry:management"] = ("res_0000000000000000000001", null);
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in (string[])["roles", "credentials"])
        {
            await ConvertAsync(tx, table, old => known.TryGetValue(old, out var now) ? now : known[old] = Convert(old, apis));
        }
    }

    /// <summary>Converts one page of rows at a time, with one update for all rows of a page with equal permissions.</summary>
    private static async Task ConvertAsync(WriteTransaction tx, string table, Func<string, string> convert)
    {
        for (string? after = ""; after is not null; )
        {
            var page = await tx.QueryAsync<Row>(
                $"SELECT id, permissions FROM {table} WHERE id > @after AND permissions IS NOT NULL ORDER BY id LIMIT @PageSize",
                new { after, PageSize }
            );
            foreach (var alike in page.GroupBy(row => row.Permissions, row => row.Id, StringComparer.Ordinal))
            {
                foreach (var ids in alike.Chunk(MostIds))
                {
                    await tx.ExecuteAsync(
                        $"UPDATE {table} SET permissions = @permissions WHERE {tx.Dialect.In("id", "@ids")}",
                        new { permissions = convert(alike.Key), ids }
                    );
                }
            }

            after = page.Count == PageSize ? page[^1].Id : null;
        }
    }

    private static string Convert(string old, Dictionary<string, (string Id, HashSet<string>? Scopes)> apis)
    {
        var grants = new JsonArray();
        foreach (var entry in JsonNode.Parse(old)!.AsArray())
        {
            if (apis.TryGetValue(entry!["api"]!.GetValue<string>(), out var api))
            {
                var scopes = entry["scopes"]!.AsArray().Select(scope => scope!.GetValue<string>());
                grants.Add(
                    new JsonObject
                    {
                        ["res"] = api.Id,
                        ["scopes"] = new JsonArray([
                            .. scopes.Where(scope => api.Scopes?.Contains(scope) != false).Select(scope => JsonValue.Create(scope)),
                        ]),
                    }
                );
            }
        }

        return grants.ToJsonString();
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Permissions { get; init; } = "";
    }

    private sealed class ApiRow
    {
        public string Id { get; init; } = "";

        public string Identifier { get; init; } = "";

        public string Scopes { get; init; } = "";

        public HashSet<string> ScopeNames() =>
            JsonNode.Parse(Scopes)!.AsArray().Select(scope => scope!["name"]!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
    }
}
