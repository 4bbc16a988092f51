using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// The uses of an API resource: grants of roles, applications and credentials, and applications that may exchange tokens for it. A deletion
/// removes it from roles and applications. Credentials keep their grants, because there may be millions; a grant names the id of the API,
/// which is never used again.
/// </summary>
internal sealed class ApiResourceUses
{
    /// <summary>The limit of the count of each kind.</summary>
    public const int MostCounted = 10_000;

    private const int MostShown = 10;

    private IReadOnlyList<RoleRow> Roles { get; init; } = [];

    private IReadOnlyList<ApplicationUse> Applications { get; init; } = [];

    /// <summary>Whether no role or application uses it.</summary>
    public bool IsNothing => Roles.Count + Applications.Count == 0;

    /// <summary>
    /// The live credentials that name the API resource: their number, and some ids. Runs on the connection for lists, because it may scan all
    /// credentials.
    /// </summary>
    public static async Task<UsedByIds> CredentialsAsync(DbConnection connection, string resourceId) =>
        // Without ORDER BY: the query ends at its limit, and if there are many credentials, nearly all of them match.
        Shown(
            await connection.QueryAsync<string>(
                "SELECT id FROM credentials WHERE permissions IS NOT NULL AND replace(permissions, @mark, '') <> permissions AND state <> 'revoked' LIMIT @MostCounted",
                new { mark = StoredGrant.Mark(resourceId), MostCounted }
            )
        );

    /// <summary>Finds roles and applications, in lock order.</summary>
    /// <param name="tx">
    /// The transaction. It holds the lock on the API resource, so that no other transaction names it as an audience meanwhile.
    /// </param>
    /// <param name="resource">The API resource.</param>
    /// <param name="isChanged">Whether the transaction will change the rows that it finds.</param>
    public static async Task<ApiResourceUses> FindAsync(WriteTransaction tx, ApiResourceRow resource, bool isChanged)
    {
        var mark = StoredGrant.Mark(resource.Id);
        var identifier = JsonColumn.Write(new[] { resource.Identifier }, CatalogJson.Default.StringArray)[1..^1];
        string Locking(string table) => isChanged ? tx.Dialect.ForUpdate(table) : "";
        return new()
        {
            Roles = await tx.QueryAsync<RoleRow>(
                $"SELECT {RoleRow.Columns} FROM roles WHERE replace(permissions, @mark, '') <> permissions ORDER BY id{Locking("roles")}",
                new { mark }
            ),
            Applications =
            [
                .. (
                    await tx.QueryAsync<ApplicationUse>(
                        "SELECT id, permissions, client FROM principals WHERE type = 'application' AND deleted_at IS NULL "
                            + "AND (replace(permissions, @mark, '') <> permissions OR replace(client, @identifier, '') <> client) "
                            + $"ORDER BY id{Locking("principals")}",
                        new { mark, identifier }
                    )
                ).Where(row => row.IsOf(resource)),
            ],
        };
    }

    public UsedBy ToUsedBy(UsedByIds credentials) =>
        new()
        {
            Roles = Shown(Roles.Select(row => row.Id)),
            Credentials = credentials,
            Applications = Shown(Applications.Select(row => row.Id)),
        };

    /// <summary>Removes the API resource from all of them.</summary>
    /// <param name="tx">The transaction, which holds the locks on them.</param>
    /// <param name="catalog">The catalog, which still holds the API resource.</param>
    /// <param name="resource">The API resource.</param>
    /// <param name="stripped">Receives each change.</param>
    public async Task StripAsync(
        WriteTransaction tx,
        Catalog catalog,
        ApiResourceRow resource,
        Action<string, string, IReadOnlyList<AuditChange>> stripped
    )
    {
        foreach (var role in Roles)
        {
            var left = GrantSet.Of(role.Permissions).Without(resource.Id);
            var after = new RoleRow
            {
                Id = role.Id,
                Name = role.Name,
                Description = role.Description,
                Permissions = left.ToColumn(),
                Requestable = role.Requestable,
                CreatedAt = role.CreatedAt,
            };
            await RoleStore.UpdateAsync(tx, after);
            stripped("role", role.Id, [Change(catalog, GrantSet.Of(role.Permissions), left)]);
        }

        foreach (var application in Applications)
        {
            stripped(PrincipalType.Application, application.Id, await StripAsync(tx, catalog, application, resource));
        }
    }

    private static async Task<IReadOnlyList<AuditChange>> StripAsync(
        WriteTransaction tx,
        Catalog catalog,
        ApplicationUse application,
        ApiResourceRow resource
    )
    {
        var changes = new List<AuditChange>();
        if (application.IsGrantedAt(resource))
        {
            var before = GrantSet.Of(application.Permissions!);
            var left = before.Without(resource.Id);
            await PrincipalStore.SetPermissionsAsync(tx, application.Id, left.ToColumn());
            changes.Add(Change(catalog, before, left));
        }

        var client = ClientSettings.Read(application.Client);
        if (client.ExchangesFor(resource.Identifier))
        {
            var left = client.ExchangeAudiences!.Where(api => api != resource.Identifier).ToList() is { Count: > 0 } some ? some : null;
            await PrincipalStore.SetClientAsync(tx, application.Id, client with { ExchangeAudiences = left });
            changes.Add(AuditChanges.OfType<IReadOnlyList<string>>("token_exchange_audiences", client.ExchangeAudiences, left));
        }

        return changes;
    }

    private static AuditChange Change(Catalog catalog, GrantSet before, GrantSet after) =>
        AuditChanges.OfType<IReadOnlyList<Permission>>("permissions", before.ToPermissions(catalog), after.ToPermissions(catalog));

    private static UsedByIds Shown(IEnumerable<string> ids)
    {
        var all = ids.Take(MostCounted).Order(StringComparer.Ordinal).ToList();
        return new(all.Count, [.. all.Take(MostShown)]);
    }

    private sealed class ApplicationUse
    {
        public string Id { get; init; } = "";

        public string? Permissions { get; init; }

        public string? Client { get; init; }

        public bool IsGrantedAt(ApiResourceRow resource) =>
            GrantSet.OfNullable(Permissions)?.Grants.Any(grant => grant.ResourceId == resource.Id) == true;

        public bool IsOf(ApiResourceRow resource) => IsGrantedAt(resource) || ClientSettings.Read(Client).ExchangesFor(resource.Identifier);
    }
}
