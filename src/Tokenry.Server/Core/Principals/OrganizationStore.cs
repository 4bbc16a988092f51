using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>SQL of organizations and of the roles of their members.</summary>
public static class OrganizationStore
{
    private const string Select = "SELECT id, name, enabled, created_at FROM organizations";

    /// <summary>The facts for a decision; <c>null</c> = the organization does not exist.</summary>
    public static async Task<OrganizationFacts?> FactsAsync(StoreReader store, string id) =>
        await store.FirstOrDefaultAsync<OrganizationRow>($"{Select} WHERE id = @id", new { id }) is { } row
            ? new(row.Id, row.Enabled == 1) { Name = row.Name }
            : null;

    /// <summary>Finds an organization in reach and locks it until COMMIT.</summary>
    /// <exception cref="ProblemException">404, also if it is out of reach.</exception>
    public static async Task<OrganizationRow> FindAsync(WriteTransaction tx, string id, Reach reach) =>
        InReach(
            PublicId.IsWellFormed(id, "org")
                ? await tx.FirstOrDefaultAsync<OrganizationRow>(
                    $"{Select} WHERE id = @id{tx.Dialect.ForUpdate("organizations")}",
                    new { id }
                )
                : null,
            reach
        );

    /// <summary>The same without a lock.</summary>
    /// <inheritdoc cref="FindAsync(WriteTransaction, string, Reach)"/>
    public static async Task<OrganizationRow> FindAsync(DbConnection connection, string id, Reach reach) =>
        InReach(
            PublicId.IsWellFormed(id, "org")
                ? await connection.QueryFirstOrDefaultAsync<OrganizationRow>($"{Select} WHERE id = @id", new { id })
                : null,
            reach
        );

    public static Task<IEnumerable<OrganizationRow>> ListAsync(DbConnection connection, Reach reach, string? after, int limit)
    {
        var within = reach.Organization is null ? "" : " AND id = @Organization";
        return connection.QueryAsync<OrganizationRow>(
            $"{Select} WHERE 1 = 1{within}{(after is null ? "" : " AND id > @after")} ORDER BY id LIMIT @limit",
            new
            {
                reach.Organization,
                after,
                limit,
            }
        );
    }

    /// <summary>The rows of many organizations.</summary>
    public static Task<IReadOnlyList<OrganizationRow>> OfIdsAsync(StoreReader store, string[] ids) =>
        store.QueryAsync<OrganizationRow>($"{Select} WHERE {store.Dialect.In("id", "@ids")}", new { ids });

    public static Task InsertAsync(WriteTransaction tx, OrganizationRow row)
    {
        tx.Changed(ChangeKind.Organization, row.Id);
        return tx.ExecuteAsync("INSERT INTO organizations (id, name, enabled, created_at) VALUES (@Id, @Name, @Enabled, @CreatedAt)", row);
    }

    public static Task SetNameAsync(WriteTransaction tx, string id, string name)
    {
        tx.Changed(ChangeKind.Organization, id);
        return tx.ExecuteAsync("UPDATE organizations SET name = @name WHERE id = @id", new { id, name });
    }

    public static Task SetEnabledAsync(WriteTransaction tx, string id, bool enabled)
    {
        tx.Changed(ChangeKind.Organization, id);
        return tx.ExecuteAsync("UPDATE organizations SET enabled = @enabled WHERE id = @id", new { id, enabled = enabled ? 1L : 0L });
    }

    public static async Task DeleteAsync(WriteTransaction tx, string id)
    {
        tx.Changed(ChangeKind.Organization, id);
        await tx.ExecuteAsync("DELETE FROM organizations WHERE id = @id", new { id });
        await Tombstones.BuryAsync(tx, id);
    }

    /// <summary>How many members, applications and unrevoked credentials an organization has.</summary>
    public static Task<OrganizationContent?> ContentAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<OrganizationContent>(
            """
            SELECT (SELECT count(DISTINCT principal_id) FROM organization_members WHERE organization_id = @id) AS members,
              (SELECT count(*) FROM principals WHERE organization_id = @id AND deleted_at IS NULL) AS applications,
              (SELECT count(*) FROM credentials WHERE organization_id = @id AND state <> 'revoked') AS credentials
            """,
            new { id }
        );

    /// <summary>A page of members, each with its roles.</summary>
    public static async Task<IReadOnlyList<MemberRow>> MembersAsync(DbConnection connection, string id, string? after, int limit)
    {
        var rows = await connection.QueryAsync<MemberRow>(
            $"""
            SELECT p.id, p.type, p.name FROM principals p JOIN (SELECT DISTINCT principal_id FROM organization_members
              WHERE organization_id = @id{(after is null ? "" : " AND principal_id > @after")} ORDER BY principal_id LIMIT @limit) m
              ON m.principal_id = p.id ORDER BY p.id
            """,
            new
            {
                id,
                after,
                limit,
            }
        );
        var members = rows.ToList();
        var ids = members.Select(member => member.Id).Append("").ToArray();
        var roles = (
            await connection.QueryAsync<(string Principal, string Role)>(
                "SELECT principal_id, role_id FROM organization_members WHERE organization_id = @id "
                    + $"AND {Dialect.Of(connection).In("principal_id", "@ids")} ORDER BY role_id",
                new { id, ids }
            )
        ).ToLookup(pair => pair.Principal, pair => pair.Role, StringComparer.Ordinal);
        return [.. members.Select(member => member with { Roles = [.. roles[member.Id]] })];
    }

    /// <summary>A member with its roles; <c>null</c> = no member has this id.</summary>
    public static async Task<MemberRow?> MemberAsync(DbConnection connection, string id, string memberId)
    {
        var rows = await connection.QueryAsync<(string Type, string Name, string Role)>(
            """
            SELECT p.type, p.name, m.role_id FROM organization_members m JOIN principals p ON p.id = m.principal_id
            WHERE m.organization_id = @id AND m.principal_id = @memberId ORDER BY m.role_id
            """,
            new { id, memberId }
        );
        var held = rows.ToList();
        return held.Count == 0
            ? null
            : new()
            {
                Id = memberId,
                Type = held[0].Type,
                Name = held[0].Name,
                Roles = [.. held.Select(row => row.Role)],
            };
    }

    /// <summary>The roles of a principal in an organization; none = it is no member.</summary>
    public static Task<IReadOnlyList<string>> RolesAsync(WriteTransaction tx, string id, string principalId) =>
        tx.QueryAsync<string>(
            "SELECT role_id FROM organization_members WHERE organization_id = @id AND principal_id = @principalId ORDER BY role_id",
            new { id, principalId }
        );

    /// <summary>Gives roles to a member and takes others.</summary>
    public static async Task ChangeAsync(
        WriteTransaction tx,
        string id,
        string principalId,
        IReadOnlyList<string> added,
        IReadOnlyList<string> removed
    )
    {
        tx.Changed(ChangeKind.Principal, principalId);
        foreach (var role in removed)
        {
            await tx.ExecuteAsync(
                "DELETE FROM organization_members WHERE organization_id = @id AND principal_id = @principalId AND role_id = @role",
                new
                {
                    id,
                    principalId,
                    role,
                }
            );
        }

        foreach (var role in added)
        {
            await tx.ExecuteAsync(
                "INSERT INTO organization_members (organization_id, principal_id, role_id) VALUES (@id, @principalId, @role)",
                new
                {
                    id,
                    principalId,
                    role,
                }
            );
        }
    }

    /// <summary>Ends a principal's memberships in every organization but one.</summary>
    /// <param name="tx">The transaction, which has told the caches of the principal.</param>
    /// <param name="principalId">The principal.</param>
    /// <param name="but">The organization in which it stays a member, if it is one; <c>null</c> = none.</param>
    public static async Task LeaveAllAsync(WriteTransaction tx, string principalId, string? but = null)
    {
        await tx.ExecuteAsync(
            "DELETE FROM organization_members WHERE principal_id = @principalId AND organization_id <> @but",
            new { principalId, but = but ?? "" }
        );
        await ObjectRoleStore.LeaveAllAsync(tx, principalId, but);
    }

    /// <summary>The memberships of many principals.</summary>
    internal static async Task<ILookup<string, Membership>> MembershipsAsync(StoreReader store, string[] ids) =>
        (
            await store.QueryAsync<(string Principal, string Organization, string Role)>(
                $"SELECT principal_id, organization_id, role_id FROM organization_members WHERE {store.Dialect.In("principal_id", "@ids")} "
                    + "ORDER BY organization_id, role_id",
                new { ids }
            )
        )
            .GroupBy(row => (row.Principal, row.Organization), row => row.Role)
            .ToLookup(roles => roles.Key.Principal, roles => new Membership(roles.Key.Organization, [.. roles]), StringComparer.Ordinal);

    private static OrganizationRow InReach(OrganizationRow? row, Reach reach) =>
        row is not null && (reach.Organization is null || reach.Organization == row.Id) ? row : throw ProblemException.NotFound();
}
