using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices;

/// <summary>SQL of notices.</summary>
internal static class NoticeStore
{
    /// <summary>Notices that their persons did not dismiss.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE at < @before ORDER BY at LIMIT @step)",
        TimeSpan.FromDays(90)
    );

    /// <summary>The most persons who are told of one event.</summary>
    private const int MostTold = 20;

    /// <summary>The notices of a user, the newest first.</summary>
    public static Task<IReadOnlyList<NoticeRow>> OfUserAsync(StoreReader store, string userId, string? before, int limit) =>
        store.QueryAsync<NoticeRow>(
            $"SELECT {NoticeRow.Columns} FROM notices WHERE user_id = @userId{(before is null ? "" : " AND id < @before")} ORDER BY id DESC LIMIT @limit",
            new
            {
                userId,
                before,
                limit,
            }
        );

    /// <summary>Removes one notice of a user, or all.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> DismissAsync(WriteTransaction tx, string userId, string? id) =>
        tx.ExecuteAsync($"DELETE FROM notices WHERE user_id = @userId{(id is null ? "" : " AND id = @id")}", new { userId, id });

    /// <summary>Inserts a notice, unless the user has one of the same event.</summary>
    public static Task InsertAsync(WriteTransaction tx, NoticeRow row) =>
        tx.ExecuteAsync(
            $"""
            INSERT INTO notices ({NoticeRow.Columns})
            VALUES (@Id, @UserId, @Event, @At, @Kind, @TargetType, @TargetId, @Name, @OrganizationId, @Reason, @MailAt, @MailAttempts)
            ON CONFLICT (user_id, event) DO NOTHING
            """,
            row
        );

    /// <summary>Ends the attempts to mail notices: they were mailed, or given up.</summary>
    public static Task<int> EndMailAsync(WriteTransaction tx, IReadOnlyList<NoticeRow> notices) =>
        tx.ExecuteAsync(
            $"UPDATE notices SET mail_at = NULL WHERE {tx.Dialect.In("id", "@ids")}",
            new { ids = notices.Select(notice => notice.Id).ToArray() }
        );

    /// <summary>How far notices were collected.</summary>
    public static Task<long> PositionAsync(StoreReader store, string name) =>
        store.FirstOrDefaultAsync<long>("SELECT position FROM notice_progress WHERE name = @name", new { name });

    /// <summary>The same, locked until COMMIT: one replica collects at a time.</summary>
    public static Task<long> HoldPositionAsync(WriteTransaction tx, string name) =>
        tx.FirstOrDefaultAsync<long>(
            $"SELECT position FROM notice_progress WHERE name = @name{tx.Dialect.ForUpdate("notice_progress")}",
            new { name }
        );

    public static Task MoveAsync(WriteTransaction tx, string name, long position) =>
        tx.ExecuteAsync("UPDATE notice_progress SET position = @position WHERE name = @name", new { name, position });

    /// <summary>
    /// Whom a credential concerns: its user; or the users above its application, and the administrators of the organization that owns that; and the user who
    /// made it.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ConcernedAsync(WriteTransaction tx, CredentialRow row)
    {
        string?[] near = [row.OwnerId, row.OwnerOwnerId, row.TopOwnerId, row.CreatedBy];
        var ids = near.OfType<string>().Distinct(StringComparer.Ordinal).ToArray();
        return await UsersAsync(tx, ids, row.OwnerType == PrincipalType.Application ? row.OrganizationId : null);
    }

    /// <summary>The name of an application, the organization that owns it, and whom all its credentials concern.</summary>
    public static async Task<(string? Name, string? Organization, IReadOnlyList<string> Users)> OfApplicationAsync(
        WriteTransaction tx,
        string applicationId
    )
    {
        var (name, owner, top, organization) = await tx.FirstOrDefaultAsync<(string?, string?, string?, string?)>(
            """
            SELECT a.name, a.owner_id, (SELECT o.owner_id FROM principals o WHERE o.id = a.owner_id), a.organization_id
            FROM principals a WHERE a.id = @applicationId
            """,
            new { applicationId }
        );
        return (name, organization, await UsersAsync(tx, [.. new[] { owner, top }.OfType<string>()], organization));
    }

    /// <summary>How many notices of a user should not wait; the count stops at <paramref name="most"/>.</summary>
    public static Task<long> UrgentAsync(StoreReader store, string userId, int most) =>
        store.FirstOrDefaultAsync<long>(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_id = @userId
              AND kind IN ('{NoticeKind.Leaked}', '{NoticeKind.Revoked}', '{NoticeKind.Due}')
              AND (kind <> '{NoticeKind.Due}' OR {store.Dialect.In("reason", "@Soon")})
              LIMIT @most) AS counted
            """,
            new
            {
                userId,
                most,
                DueCredentials.Soon,
            }
        );

    private static Task<IReadOnlyList<string>> UsersAsync(WriteTransaction tx, string[] ids, string? organization) =>
        tx.QueryAsync<string>(
            $"""
            SELECT p.id FROM principals p
            WHERE p.type = 'user' AND p.deleted_at IS NULL AND p.enabled = 1 AND ({tx.Dialect.In("p.id", "@ids")}
              OR p.id IN (SELECT m.principal_id FROM organization_members m WHERE m.organization_id = @organization AND m.role_id = @role))
            ORDER BY p.id LIMIT @MostTold
            """,
            new
            {
                ids,
                organization,
                role = ManagementApi.OrganizationAdministrator.Id,
                MostTold,
            }
        );
}
