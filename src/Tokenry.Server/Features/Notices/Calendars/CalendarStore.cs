using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices.Calendars;

/// <summary>SQL of calendars.</summary>
internal static class CalendarStore
{
    /// <summary>Those of users that were deleted.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM calendars WHERE user_id IN "
            + "(SELECT l.user_id FROM calendars l JOIN principals p ON p.id = l.user_id WHERE p.deleted_at < @before LIMIT @step)",
        TimeSpan.Zero
    );

    /// <summary>The calendar of a user.</summary>
    public static Task<CalendarRow?> OfUserAsync(StoreReader store, string userId) =>
        store.FirstOrDefaultAsync<CalendarRow>(
            "SELECT user_id, created_at, created_with, covers_organizations FROM calendars WHERE user_id = @userId",
            new { userId }
        );

    /// <summary>
    /// The calendar of an address, if it can be read now: its user can sign in, and the credential that made it is not revoked.
    /// </summary>
    public static Task<CalendarRow?> OfSecretAsync(StoreReader store, string secret) =>
        store.FirstOrDefaultAsync<CalendarRow>(
            """
            SELECT l.user_id, l.created_at, l.created_with, l.covers_organizations, p.language FROM calendars l JOIN principals p ON p.id = l.user_id
            WHERE l.hash = @hash AND p.enabled = 1 AND p.deleted_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.id = l.created_with AND c.state = 'revoked')
            """,
            new { hash = LinkCode.Hash(secret) }
        );

    /// <summary>Stores a calendar in place of the one before.</summary>
    public static Task ReplaceAsync(WriteTransaction tx, CalendarRow row, Secret secret) =>
        tx.ExecuteAsync(
            """
            INSERT INTO calendars (user_id, hash, created_at, created_with, covers_organizations)
            VALUES (@UserId, @hash, @CreatedAt, @CreatedWith, @CoversOrganizations)
            ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, created_with = excluded.created_with,
              covers_organizations = excluded.covers_organizations
            """,
            new
            {
                row.UserId,
                hash = LinkCode.Hash(secret.Reveal()),
                row.CreatedAt,
                row.CreatedWith,
                row.CoversOrganizations,
            }
        );

    /// <returns>Whether there was one.</returns>
    public static async Task<bool> EndAsync(WriteTransaction tx, string userId) =>
        await tx.ExecuteAsync("DELETE FROM calendars WHERE user_id = @userId", new { userId }) > 0;

    /// <summary>
    /// The credentials with a date that concern a user: the user's own, those of applications below the user, and if the calendar covers them those of the
    /// organizations that the user administers. The first dates come first.
    /// </summary>
    /// <param name="store">Runs the query.</param>
    /// <param name="calendar">The calendar.</param>
    /// <param name="since">Dates before this are left out (Unix ms).</param>
    /// <param name="most">The most credentials.</param>
    public static Task<IReadOnlyList<DatedCredential>> DatesAsync(StoreReader store, CalendarRow calendar, long since, int most)
    {
        const string administered = """
            SELECT m.organization_id FROM organization_members m JOIN organizations g ON g.id = m.organization_id
            WHERE m.principal_id = @UserId AND m.role_id = @role AND g.enabled = 1
            """;
        var concerned = $"SELECT k.id FROM credentials k WHERE k.owner_id IN ({OwnerLine.Of("@UserId")})";
        if (calendar.CoversOrganizations == 1)
        {
            concerned +=
                $" UNION ALL SELECT k.id FROM credentials k WHERE k.organization_id IN ({administered})"
                + $" UNION ALL SELECT k.id FROM principals a JOIN credentials k ON k.owner_id = a.id WHERE a.organization_id IN ({administered})";
        }

        return store.QueryAsync<DatedCredential>(
            $"""
            SELECT c.id, c.kind, c.name, p.name AS owner, c.created_at, c.expires_at, c.due_at, c.revision, c.revised_at
            FROM credentials c JOIN principals p ON p.id = c.owner_id
            WHERE c.id IN ({concerned}) AND c.state = 'active' AND c.superseded_by IS NULL AND p.deleted_at IS NULL
              AND (c.expires_at >= @since OR c.due_at >= @since)
            ORDER BY coalesce(c.due_at, c.expires_at), c.id LIMIT @most
            """,
            new
            {
                calendar.UserId,
                role = ManagementApi.OrganizationAdministrator.Id,
                since,
                most,
            }
        );
    }
}

/// <summary>A calendar as stored, without the hash of its secret.</summary>
internal sealed record CalendarRow
{
    public string UserId { get; init; } = "";

    public long CreatedAt { get; init; }

    /// <summary>The credential that made it; <c>null</c> for a session.</summary>
    public string? CreatedWith { get; init; }

    public long CoversOrganizations { get; init; }

    /// <summary>The language that its user chose; <c>null</c> = none.</summary>
    public string? Language { get; init; }

    public Protocol.Api.Calendar ToCalendar(Secret? url = null) =>
        new()
        {
            Exists = true,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            CoversOrganizations = CoversOrganizations == 1,
            Url = url?.Reveal(),
        };
}

/// <summary>A credential that expires or should be replaced; times in Unix ms.</summary>
internal sealed record DatedCredential
{
    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>The name of its owner.</summary>
    public string Owner { get; init; } = "";

    public long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }

    public long? DueAt { get; init; }

    public long Revision { get; init; }

    public long? RevisedAt { get; init; }
}
