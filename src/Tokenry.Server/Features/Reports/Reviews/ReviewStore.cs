using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>SQL of access reviews.</summary>
internal static class ReviewStore
{
    private const string Select = """
        SELECT r.id, r.organization_id, r.from_at, r.to_at, r.created_at, r.created_by,
          (SELECT count(*) FROM access_review_lines l WHERE l.review_id = r.id) AS lines,
          (SELECT count(*) FROM access_review_lines l WHERE l.review_id = r.id AND l.decision = 'keep') AS kept,
          (SELECT count(*) FROM access_review_lines l WHERE l.review_id = r.id AND l.decision = 'revoke') AS revoked
        FROM access_reviews r
        """;

    private const string SelectLines = """
        SELECT l.id, l.review_id, l.kind, l.owner_type, l.owner_id, l.owner_name, l.target_id, l.name, l.organization_id, l.permissions, l.expires_at,
          l.last_used_at, l.stated, l.decision, l.decided_by, l.decided_at, l.comment, d.name AS decided_by_name,
          (SELECT c.state || '.' || c.revision FROM credentials c WHERE c.id = l.target_id) AS stated_now,
          (SELECT c.expires_at FROM credentials c WHERE c.id = l.target_id) AS expires_now,
          CASE WHEN l.kind = 'member_token' THEN (SELECT c.permissions FROM credentials c WHERE c.id = l.target_id) END AS permissions_now,
          CASE WHEN l.kind = 'member_token' THEN (SELECT count(*) FROM organization_members m JOIN principals p ON p.id = m.principal_id
              WHERE m.organization_id = l.organization_id AND m.principal_id = l.owner_id AND p.deleted_at IS NULL)
            WHEN l.kind = 'object_role' THEN (SELECT count(*) FROM object_roles o JOIN principals p ON p.id = o.principal_id
              WHERE o.principal_id = l.owner_id AND o.role_id = l.target_id AND o.organization_id = coalesce(l.organization_id, '') AND p.deleted_at IS NULL)
            WHEN l.kind <> 'role' THEN 0
            WHEN l.organization_id IS NULL THEN (SELECT count(*) FROM principal_roles h JOIN principals p ON p.id = h.principal_id
              WHERE h.principal_id = l.owner_id AND h.role_id = l.target_id AND p.deleted_at IS NULL)
            ELSE (SELECT count(*) FROM organization_members m JOIN principals p ON p.id = m.principal_id
              WHERE m.organization_id = l.organization_id AND m.principal_id = l.owner_id AND m.role_id = l.target_id AND p.deleted_at IS NULL)
          END AS holds_now,
          CASE WHEN l.kind = 'object_role' THEN (SELECT string_agg(o.object, ' ' ORDER BY o.object) FROM object_roles o
            WHERE o.principal_id = l.owner_id AND o.role_id = l.target_id AND o.organization_id = coalesce(l.organization_id, '')) END AS objects_now
        FROM access_review_lines l LEFT JOIN principals d ON d.id = l.decided_by
        """;

    private static readonly RowStatement<ReviewLineRow> InsertLine = new RowStatement<ReviewLineRow>(
        """
        INSERT INTO access_review_lines (id, review_id, kind, owner_type, owner_id, owner_name, target_id, name, organization_id, permissions, expires_at,
          last_used_at, stated)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13)
        """
    ).Text(row => row.Id).Text(row => row.ReviewId).Text(row => row.Kind).Text(row => row.OwnerType).Text(row => row.OwnerId).Text(row => row.OwnerName).Text(row => row.TargetId).Text(row => row.Name).Text(row => row.OrganizationId).Text(row => row.Permissions).NumberOrNull(row => row.ExpiresAt).NumberOrNull(row => row.LastUsedAt).Text(row => row.Stated);

    /// <summary>Finds a review in reach.</summary>
    /// <exception cref="ProblemException">404, also if it is out of reach.</exception>
    public static async Task<ReviewRow> FindAsync(StoreReader store, string id, Reach reach) =>
        (
            PublicId.IsWellFormed(id, ReviewRow.IdPrefix)
                ? await store.FirstOrDefaultAsync<ReviewRow>(
                    $"{Select} WHERE r.id = @id{(reach.Organization is null ? "" : " AND r.organization_id = @Organization")}",
                    new { id, reach.Organization }
                )
                : null
        ) ?? throw ProblemException.NotFound();

    /// <summary>Reviews in reach, the newest first.</summary>
    public static Task<IReadOnlyList<ReviewRow>> ListAsync(StoreReader store, Reach reach, string? before, int limit) =>
        store.QueryAsync<ReviewRow>(
            $"{Select} WHERE 1 = 1{(reach.Organization is null ? "" : " AND r.organization_id = @Organization")}"
                + $"{(before is null ? "" : " AND r.id < @before")} ORDER BY r.id DESC LIMIT @limit",
            new
            {
                reach.Organization,
                before,
                limit,
            }
        );

    /// <summary>Lines of a review in their order.</summary>
    public static Task<IReadOnlyList<ReviewLineRow>> LinesAsync(StoreReader store, string reviewId, string? after, int limit) =>
        store.QueryAsync<ReviewLineRow>(
            $"{SelectLines} WHERE l.review_id = @reviewId{(after is null ? "" : " AND l.id > @after")} ORDER BY l.id LIMIT @limit",
            new
            {
                reviewId,
                after,
                limit,
            }
        );

    /// <summary>Finds a line of a review that the caller found.</summary>
    /// <exception cref="ProblemException">404.</exception>
    public static async Task<ReviewLineRow> FindLineAsync(StoreReader store, string reviewId, string id) =>
        (
            PublicId.IsWellFormed(id, ReviewLineRow.IdPrefix)
                ? await store.FirstOrDefaultAsync<ReviewLineRow>(
                    $"{SelectLines} WHERE l.review_id = @reviewId AND l.id = @id",
                    new { reviewId, id }
                )
                : null
        ) ?? throw ProblemException.NotFound();

    public static async Task InsertAsync(WriteTransaction tx, ReviewRow review, IReadOnlyList<ReviewLineRow> lines)
    {
        await tx.ExecuteAsync(
            """
            INSERT INTO access_reviews (id, organization_id, from_at, to_at, created_at, created_by)
            VALUES (@Id, @OrganizationId, @FromAt, @ToAt, @CreatedAt, @CreatedBy)
            """,
            review
        );
        await tx.ExecuteEachAsync(InsertLine, lines);
    }

    /// <summary>Signs a line that is not signed.</summary>
    /// <returns>Whether it was not: of two signatures at once, one counts.</returns>
    public static async Task<bool> SignAsync(WriteTransaction tx, ReviewLineRow signed) =>
        await tx.ExecuteAsync(
            """
            UPDATE access_review_lines SET decision = @Decision, decided_by = @DecidedBy, decided_at = @DecidedAt, comment = @Comment
            WHERE id = @Id AND decision IS NULL
            """,
            new
            {
                signed.Id,
                signed.Decision,
                signed.DecidedBy,
                signed.DecidedAt,
                signed.Comment,
            }
        ) == 1;

    /// <summary>The roles that principals have, those on some objects apart: in one organization, or on the whole server and in all organizations.</summary>
    public static Task<IReadOnlyList<HeldRole>> RolesAsync(StoreReader store, string? organization, int most)
    {
        const string inOrganizations = """
            SELECT p.id AS owner_id, p.type AS owner_type, p.name AS owner_name, m.role_id, m.organization_id, m.objects
            FROM (SELECT principal_id, organization_id, role_id, NULL AS objects FROM organization_members
              UNION ALL SELECT principal_id, organization_id, role_id, string_agg(object, ' ' ORDER BY object) FROM object_roles
                WHERE organization_id <> '' GROUP BY principal_id, organization_id, role_id) m
            JOIN principals p ON p.id = m.principal_id WHERE p.deleted_at IS NULL
            """;
        const string onServer = """
            SELECT p.id AS owner_id, p.type AS owner_type, p.name AS owner_name, r.role_id, NULL AS organization_id, r.objects
            FROM (SELECT principal_id, role_id, NULL AS objects FROM principal_roles
              UNION ALL SELECT principal_id, role_id, string_agg(object, ' ' ORDER BY object) FROM object_roles
                WHERE organization_id = '' GROUP BY principal_id, role_id) r
            JOIN principals p ON p.id = r.principal_id WHERE p.deleted_at IS NULL
            """;
        var held = organization is null
            ? $"{onServer} UNION ALL {inOrganizations}"
            : $"{inOrganizations} AND m.organization_id = @organization";
        return store.QueryAsync<HeldRole>(
            $"SELECT * FROM ({held}) AS held ORDER BY owner_id, role_id LIMIT @most",
            new { organization, most }
        );
    }
}

/// <summary>A role that a principal has.</summary>
internal sealed record HeldRole
{
    public string OwnerId { get; init; } = "";

    public string OwnerType { get; init; } = "";

    public string OwnerName { get; init; } = "";

    public string RoleId { get; init; } = "";

    public string? OrganizationId { get; init; }

    /// <summary>The patterns on which it counts; <c>null</c> = it counts on all objects.</summary>
    public string? Objects { get; init; }
}
