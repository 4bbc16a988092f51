using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>SQL of requests for roles.</summary>
public static class RoleRequestStore
{
    /// <summary>Those that were decided or withdrawn. The trail keeps the events.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM role_requests WHERE id IN (SELECT id FROM role_requests WHERE decided_at < @before LIMIT @step)",
        TimeSpan.FromDays(365)
    );

    /// <summary>The target type of audit events.</summary>
    public const string Noun = "role_request";

    private const string Select = $"SELECT {RoleRequestRow.Columns} FROM role_requests";

    public static Task InsertAsync(WriteTransaction tx, RoleRequestRow row) =>
        tx.ExecuteAsync(
            $"""
            INSERT INTO role_requests ({RoleRequestRow.Columns})
            VALUES (@Id, @UserId, @RoleId, @RoleName, @OrganizationId, @Justification, @State, @RequestedAt, @DecidedAt, @DecidedBy, @Message)
            """,
            row
        );

    public static Task<RoleRequestRow?> FindAsync(StoreReader store, string id) =>
        store.FirstOrDefaultAsync<RoleRequestRow>($"{Select} WHERE id = @id", new { id });

    /// <summary>The same, locked until COMMIT. Lock its user first, as the deletion of the user does.</summary>
    public static Task<RoleRequestRow?> HoldAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<RoleRequestRow>($"{Select} WHERE id = @id{tx.Dialect.ForUpdate("role_requests")}", new { id });

    /// <summary>The requests of a user that wait for a decision.</summary>
    public static Task<IReadOnlyList<RoleRequestRow>> PendingAsync(StoreReader store, string userId) =>
        store.QueryAsync<RoleRequestRow>($"{Select} WHERE user_id = @userId AND state = 'pending' ORDER BY id", new { userId });

    /// <summary>The requests of a user, the newest first.</summary>
    /// <param name="store">Reads them.</param>
    /// <param name="userId">The user.</param>
    /// <param name="organizationId">Only those in that organization; <c>null</c> = all.</param>
    /// <param name="before">The one before the first.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<RoleRequestRow>> OfUserAsync(
        StoreReader store,
        string userId,
        string? organizationId,
        string? before,
        int limit
    )
    {
        var within = organizationId is null ? "" : " AND organization_id = @organizationId";
        return store.QueryAsync<RoleRequestRow>(
            $"{Select} WHERE user_id = @userId{within}{(before is null ? "" : " AND id < @before")} ORDER BY id DESC LIMIT @limit",
            new
            {
                userId,
                organizationId,
                before,
                limit,
            }
        );
    }

    /// <summary>The requests of all users, the oldest first.</summary>
    /// <param name="store">Reads them.</param>
    /// <param name="filter">Which.</param>
    /// <param name="places">Which of them the caller sees.</param>
    /// <param name="after">The one before the first.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<RoleRequestRow>> ListAsync(
        StoreReader store,
        ApprovalFilter filter,
        RolePlaces places,
        string? after,
        int limit
    )
    {
        var where = places switch
        {
            RolePlaces.Server => " AND organization_id IS NULL",
            RolePlaces.Organizations => " AND organization_id IS NOT NULL",
            _ => "",
        };
        var state = filter.State is null ? "" : " AND state = @State";
        var within = filter.OrganizationId is null ? "" : " AND organization_id = @OrganizationId";
        return store.QueryAsync<RoleRequestRow>(
            $"{Select} WHERE id > @after{where}{state}{within} ORDER BY id LIMIT @limit",
            new
            {
                after = after ?? "",
                filter.State,
                filter.OrganizationId,
                limit,
            }
        );
    }

    /// <summary>Ends a pending request.</summary>
    /// <returns>Whether it was pending until now: of many decisions at once, one is.</returns>
    public static async Task<bool> DecideAsync(WriteTransaction tx, string id, Decision decision) =>
        await tx.ExecuteAsync(
            "UPDATE role_requests SET state = @State, decided_at = @At, decided_by = @By, message = @Message WHERE id = @id AND state = 'pending'",
            new
            {
                id,
                decision.State,
                decision.At,
                decision.By,
                decision.Message,
            }
        ) > 0;

    /// <summary>Removes all of a user who is deleted.</summary>
    public static Task RemoveOfUserAsync(WriteTransaction tx, string userId) =>
        tx.ExecuteAsync("DELETE FROM role_requests WHERE user_id = @userId", new { userId });

    /// <summary>Removes all of an organization that is deleted.</summary>
    public static Task RemoveOfOrganizationAsync(WriteTransaction tx, string organizationId) =>
        tx.ExecuteAsync("DELETE FROM role_requests WHERE organization_id = @organizationId", new { organizationId });
}

/// <summary>Where roles count.</summary>
[Flags]
public enum RolePlaces
{
    None = 0,

    /// <summary>On the whole server.</summary>
    Server = 1,

    /// <summary>In organizations.</summary>
    Organizations = 2,
}
