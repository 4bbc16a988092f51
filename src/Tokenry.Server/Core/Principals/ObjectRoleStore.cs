using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>SQL of roles on objects.</summary>
public static class ObjectRoleStore
{
    /// <summary>How the table writes "wherever the principal acts": its key has no <c>NULL</c>.</summary>
    private const string Everywhere = "";

    /// <summary>The roles on objects of a principal at one place, in a stable order.</summary>
    /// <param name="store">The connection.</param>
    /// <param name="principalId">The principal.</param>
    /// <param name="organizationId">The organization; <c>null</c> = wherever it acts.</param>
    public static async Task<IReadOnlyList<HeldObjectRole>> ListAsync(StoreReader store, string principalId, string? organizationId) =>
        [
            .. (
                await store.QueryAsync<(string Role, string Pattern)>(
                    "SELECT role_id, object FROM object_roles WHERE principal_id = @principalId AND organization_id = @there ORDER BY role_id, object",
                    new { principalId, there = organizationId ?? Everywhere }
                )
            ).SelectMany(row => Read(organizationId, row.Role, row.Pattern)),
        ];

    /// <summary>The roles on objects of many principals, at every place.</summary>
    internal static async Task<ILookup<string, HeldObjectRole>> OfManyAsync(StoreReader store, string[] ids) =>
        (
            await store.QueryAsync<(string Principal, string Organization, string Role, string Pattern)>(
                $"SELECT principal_id, organization_id, role_id, object FROM object_roles WHERE {store.Dialect.In("principal_id", "@ids")} "
                    + "ORDER BY organization_id, role_id, object",
                new { ids }
            )
        )
            .SelectMany(row => Read(row.Organization, row.Role, row.Pattern), (row, role) => (row.Principal, Role: role))
            .ToLookup(row => row.Principal, row => row.Role, StringComparer.Ordinal);

    /// <summary>Replaces the roles on objects of a principal at one place.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="principalId">The principal.</param>
    /// <param name="organizationId">The organization; <c>null</c> = wherever it acts.</param>
    /// <param name="wanted">What it has from now on.</param>
    public static async Task ReplaceAsync(
        WriteTransaction tx,
        string principalId,
        string? organizationId,
        IEnumerable<HeldObjectRole> wanted
    )
    {
        tx.Changed(ChangeKind.Principal, principalId);
        var there = organizationId ?? Everywhere;
        await tx.ExecuteAsync(
            "DELETE FROM object_roles WHERE principal_id = @principalId AND organization_id = @there",
            new { principalId, there }
        );
        foreach (var role in wanted)
        {
            await tx.ExecuteAsync(
                "INSERT INTO object_roles (principal_id, organization_id, role_id, object) VALUES (@principalId, @there, @RoleId, @pattern)",
                new
                {
                    principalId,
                    there,
                    role.RoleId,
                    pattern = role.Pattern.ToString(),
                }
            );
        }
    }

    /// <summary>Ends the roles on objects of a principal in every organization but one.</summary>
    /// <param name="tx">The transaction, which has told the caches of the principal.</param>
    /// <param name="principalId">The principal.</param>
    /// <param name="but">The organization in which they stay; <c>null</c> = in none.</param>
    internal static Task LeaveAllAsync(WriteTransaction tx, string principalId, string? but) =>
        tx.ExecuteAsync(
            $"DELETE FROM object_roles WHERE principal_id = @principalId AND organization_id NOT IN ('{Everywhere}', @but)",
            new { principalId, but = but ?? Everywhere }
        );

    /// <summary>Ends the roles on objects of a principal at one place.</summary>
    /// <param name="tx">The transaction, which has told the caches of the principal.</param>
    /// <param name="principalId">The principal.</param>
    /// <param name="organizationId">The organization; <c>null</c> = wherever it acts.</param>
    /// <returns>The change for the trail; nothing, if there was none.</returns>
    public static async Task<IReadOnlyList<AuditChange>> EndAsync(WriteTransaction tx, string principalId, string? organizationId)
    {
        if (await ListAsync(tx, principalId, organizationId) is not { Count: > 0 } held)
        {
            return [];
        }

        await ReplaceAsync(tx, principalId, organizationId, []);
        return [HeldObjectRole.Change(held, [])];
    }

    /// <summary>A row as facts; nothing, if its pattern has a form that is no longer accepted.</summary>
    internal static IEnumerable<HeldObjectRole> Read(string? organizationId, string roleId, string pattern) =>
        ObjectPattern.TryParse(pattern, out var parsed)
            ? [new(string.IsNullOrEmpty(organizationId) ? null : organizationId, roleId, parsed)]
            : [];
}
