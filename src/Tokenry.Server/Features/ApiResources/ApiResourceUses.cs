using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// What refers to an API resource: grants of roles and credentials, and applications that may exchange tokens for it. Read and taken away in the transaction
/// that deletes it; each look reads whole tables, which is what a deletion may cost.
/// </summary>
internal sealed class ApiResourceUses
{
    private const int MostShown = 10;
    private const int MostIds = 400;

    private IReadOnlyList<GrantRow> Roles { get; init; } = [];

    private IReadOnlyList<GrantRow> Credentials { get; init; } = [];

    private IReadOnlyList<ClientRow> Applications { get; init; } = [];

    /// <summary>Applications with permissions there beside their roles.</summary>
    private IReadOnlyList<GrantRow> Granted { get; init; } = [];

    public IEnumerable<string> RoleIds => Roles.Select(row => row.Id);

    public IEnumerable<string> ApplicationIds =>
        Applications
            .Select(row => row.Id)
            .Concat(Granted.Select(row => row.Id))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    public static async Task<ApiResourceUses> FindAsync(WriteTransaction tx, ApiResourceRow resource)
    {
        var mark = StoredGrant.Mark(resource.Id);
        var identifier = JsonColumn.Write(new[] { resource.Identifier }, StoredJson.Default.StringArray)[1..^1];
        return new()
        {
            Roles = await tx.QueryAsync<GrantRow>(
                $"SELECT id, permissions FROM roles WHERE replace(permissions, @mark, '') <> permissions ORDER BY id{tx.Dialect.ForUpdate("roles")}",
                new { mark }
            ),
            Credentials = await tx.QueryAsync<GrantRow>(
                "SELECT id, permissions FROM credentials WHERE permissions IS NOT NULL AND replace(permissions, @mark, '') <> permissions "
                    + $"AND state <> 'revoked' ORDER BY id{tx.Dialect.ForUpdate("credentials")}",
                new { mark }
            ),
            Granted = await tx.QueryAsync<GrantRow>(
                "SELECT id, permissions FROM principals WHERE permissions IS NOT NULL AND replace(permissions, @mark, '') <> permissions "
                    + $"AND deleted_at IS NULL ORDER BY id{tx.Dialect.ForUpdate("principals")}",
                new { mark }
            ),
            Applications =
            [
                .. (
                    await tx.QueryAsync<ClientRow>(
                        "SELECT id, client FROM principals WHERE client IS NOT NULL AND deleted_at IS NULL AND replace(client, @identifier, '') <> client "
                            + $"ORDER BY id{tx.Dialect.ForUpdate("principals")}",
                        new { identifier }
                    )
                ).Where(row => ClientSettings.Read(row.Client).ExchangesFor(resource.Identifier)),
            ],
        };
    }

    public UsedBy ToUsedBy() =>
        new()
        {
            Roles = Shown(Roles.Select(row => row.Id)),
            Credentials = Shown(Credentials.Select(row => row.Id)),
            Applications = Shown(ApplicationIds),
        };

    /// <summary>Takes all of it away.</summary>
    public async Task StripAsync(WriteTransaction tx, ApiResourceRow resource)
    {
        await StripAsync(tx, "roles", ChangeKind.Catalog, Roles, resource.Id);
        await StripAsync(tx, "credentials", ChangeKind.Credential, Credentials, resource.Id);
        await StripAsync(tx, "principals", ChangeKind.Principal, Granted, resource.Id);
        foreach (var application in Applications)
        {
            var client = ClientSettings.Read(application.Client);
            var left = client.ExchangeAudiences!.Where(api => api != resource.Identifier).ToList();
            await PrincipalStore.SetClientAsync(tx, application.Id, client with { ExchangeAudiences = left.Count > 0 ? left : null });
        }
    }

    /// <summary>An update for all that have the same.</summary>
    private static async Task StripAsync(WriteTransaction tx, string table, string change, IReadOnlyList<GrantRow> rows, string resourceId)
    {
        foreach (var alike in rows.GroupBy(row => row.Permissions, row => row.Id, StringComparer.Ordinal))
        {
            var permissions = GrantSet.Of(alike.Key).Without(resourceId).ToColumn();
            foreach (var ids in alike.Chunk(MostIds))
            {
                await tx.ExecuteAsync(
                    $"UPDATE {table} SET permissions = @permissions WHERE {tx.Dialect.In("id", "@ids")}",
                    new { permissions, ids }
                );
                foreach (var id in ids)
                {
                    tx.Changed(change, id);
                }
            }
        }
    }

    private static UsedByIds Shown(IEnumerable<string> ids)
    {
        var all = ids.ToList();
        return new(all.Count, [.. all.Take(MostShown)]);
    }

    private sealed class GrantRow
    {
        public string Id { get; init; } = "";

        public string Permissions { get; init; } = "[]";
    }

    private sealed class ClientRow
    {
        public string Id { get; init; } = "";

        public string? Client { get; init; }
    }
}
