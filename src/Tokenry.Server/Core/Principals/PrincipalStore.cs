using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>SQL of users and applications, which share a table.</summary>
public static class PrincipalStore
{
    /// <summary>The most ids in one statement.</summary>
    private const int Step = 500;

    /// <summary>The store property that names the first administrator.</summary>
    public const string BootstrapProperty = "bootstrap_administrator";

    /// <summary>The first administrator's id, or <c>null</c> on a store that was never started.</summary>
    public static Task<string?> FindBootstrapAsync(Database database) =>
        database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>(
                "SELECT value FROM store_properties WHERE name = @BootstrapProperty",
                new { BootstrapProperty }
            )
        );

    public static Task<PrincipalRow?> FindAsync(WriteTransaction tx, string type, string id) =>
        tx.FirstOrDefaultAsync<PrincipalRow>(
            $"SELECT {PrincipalRow.Columns} FROM principals WHERE id = @id AND type = @type AND deleted_at IS NULL{tx.Dialect.ForUpdate("principals")}",
            new { id, type }
        );

    /// <summary>The facts for a decision inside a transaction. Principals are never removed, so an owner is always found.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="id">The principal.</param>
    /// <param name="organizationId">The organization in which it acts; <c>null</c> = the one that owns it, if there is one.</param>
    public static async Task<PrincipalFacts> FactsAsync(WriteTransaction tx, string id, string? organizationId = null) =>
        await BoundedAsync(tx, (await OwnFactsAsync(tx, id))!, organizationId);

    /// <summary>The same for a row that was read already: adds its roles and the owner that bounds it.</summary>
    /// <inheritdoc cref="FactsAsync(WriteTransaction, string, string)"/>
    public static async Task<PrincipalFacts> FactsAsync(WriteTransaction tx, PrincipalRow row, string? organizationId = null) =>
        await BoundedAsync(tx, row.ToFacts(await HeldAsync(tx, row.Id)), organizationId);

    /// <summary>Its facts without the owner that bounds it; <c>null</c> = the principal does not exist.</summary>
    public static async Task<PrincipalFacts?> OwnFactsAsync(StoreReader store, string id) =>
        await store.FirstOrDefaultAsync<PrincipalRow>($"SELECT {PrincipalRow.Columns} FROM principals WHERE id = @id", new { id })
            is { } row
            ? row.ToFacts(await HeldAsync(store, id))
            : null;

    /// <summary>The facts of many principals; those that do not exist are left out.</summary>
    /// <param name="store">The connection to read from.</param>
    /// <param name="ids">Their ids.</param>
    /// <param name="withDeleted">Whether to include deleted ones.</param>
    public static async Task<IReadOnlyList<PrincipalFacts>> OwnFactsAsync(
        StoreReader store,
        IReadOnlyCollection<string> ids,
        bool withDeleted
    )
    {
        var found = new List<PrincipalFacts>(ids.Count);
        foreach (var chunk in ids.Chunk(Step))
        {
            var rows = await store.QueryAsync<PrincipalRow>(
                $"SELECT {PrincipalRow.Columns} FROM principals WHERE {store.Dialect.In("id", "@chunk")}"
                    + (withDeleted ? "" : " AND deleted_at IS NULL"),
                new { chunk }
            );
            var roles = await RolesAsync(store, chunk);
            var memberships = await OrganizationStore.MembershipsAsync(store, chunk);
            var onObjects = await ObjectRoleStore.OfManyAsync(store, chunk);
            found.AddRange(rows.Select(row => row.ToFacts(new([.. roles[row.Id]], [.. memberships[row.Id]], [.. onObjects[row.Id]]))));
        }

        return found;
    }

    /// <summary>The lines of those that are not deleted: each principal first, then the owners that bound it.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<PrincipalFacts>>> LinesAsync(WriteTransaction tx, IReadOnlyCollection<string> ids)
    {
        var known = new Dictionary<string, PrincipalFacts>(StringComparer.Ordinal);
        IReadOnlyCollection<string> next = ids;
        for (var line = 1; next.Count > 0 && line <= PrincipalFacts.LongestLine; line++)
        {
            foreach (var facts in await OwnFactsAsync(tx, next, withDeleted: false))
            {
                known[facts.Id] = facts;
            }

            next =
            [
                .. known
                    .Values.Where(facts => facts.IsOwnerBound && !known.ContainsKey(facts.OwnerId!))
                    .Select(facts => facts.OwnerId!)
                    .Distinct(StringComparer.Ordinal),
            ];
        }

        return [.. ids.Select(Line).Where(line => line.Count > 0)];

        List<PrincipalFacts> Line(string id)
        {
            var line = new List<PrincipalFacts>();
            for (var facts = known.GetValueOrDefault(id); facts is not null && line.Count < PrincipalFacts.LongestLine; )
            {
                line.Add(facts);
                facts = facts.IsOwnerBound ? known.GetValueOrDefault(facts.OwnerId!) : null;
            }

            return line;
        }
    }

    private static async Task<PrincipalFacts> BoundedAsync(WriteTransaction tx, PrincipalFacts first, string? organizationId)
    {
        var line = new List<PrincipalFacts> { first };
        while (line[^1].IsOwnerBound && line.Count < PrincipalFacts.LongestLine)
        {
            line.Add((await OwnFactsAsync(tx, line[^1].OwnerId!))!);
        }

        return PrincipalFacts.Bounded(
            line,
            organizationId is null ? null : await OrganizationStore.FactsAsync(tx, organizationId) ?? new(organizationId, IsEnabled: false)
        );
    }

    /// <summary>The organization that owns an application; <c>null</c> = none, or the principal is a user.</summary>
    public static Task<string?> OrganizationOfAsync(StoreReader store, string id) =>
        store.FirstOrDefaultAsync<string>("SELECT organization_id FROM principals WHERE id = @id", new { id });

    /// <summary>The id of the user with that e-mail address, in any case of its letters; <c>null</c> = none.</summary>
    public static Task<string?> UserOfEmailAsync(StoreReader store, string email) =>
        store.FirstOrDefaultAsync<string>(
            $"SELECT id FROM principals WHERE type = '{PrincipalType.User}' AND deleted_at IS NULL AND email = @email",
            new { email = System.Text.Ascii.IsValid(email) ? email.ToLowerInvariant() : "" }
        );

    /// <summary>The roles of a principal, everywhere, in its organizations and on objects, in one query.</summary>
    public static async Task<HeldRoles> HeldAsync(StoreReader store, string id)
    {
        var held = await store.QueryAsync<(string? Organization, string Role, string? Pattern)>(
            """
            SELECT CAST(NULL AS text) AS organization, role_id, CAST(NULL AS text) AS object FROM principal_roles WHERE principal_id = @id
            UNION ALL SELECT organization_id, role_id, NULL FROM organization_members WHERE principal_id = @id
            UNION ALL SELECT organization_id, role_id, object FROM object_roles WHERE principal_id = @id ORDER BY 1, 2, 3
            """,
            new { id }
        );
        return new(
            [.. held.Where(row => row is { Organization: null, Pattern: null }).Select(row => row.Role)],
            [
                .. held.Where(row => row is { Organization: not null, Pattern: null })
                    .GroupBy(row => row.Organization!, row => row.Role, StringComparer.Ordinal)
                    .Select(roles => new Membership(roles.Key, [.. roles])),
            ],
            [
                .. held.Where(row => row.Pattern is not null)
                    .SelectMany(row => ObjectRoleStore.Read(row.Organization, row.Role, row.Pattern!)),
            ]
        );
    }

    /// <summary>The ids of a principal's roles.</summary>
    public static async Task<string[]> RolesAsync(StoreReader store, string id) =>
        [.. await store.QueryAsync<string>("SELECT role_id FROM principal_roles WHERE principal_id = @id ORDER BY role_id", new { id })];

    private static async Task<ILookup<string, string>> RolesAsync(StoreReader store, string[] ids) =>
        (
            await store.QueryAsync<(string Principal, string Role)>(
                $"SELECT principal_id, role_id FROM principal_roles WHERE {store.Dialect.In("principal_id", "@ids")} ORDER BY role_id",
                new { ids }
            )
        ).ToLookup(pair => pair.Principal, pair => pair.Role, StringComparer.Ordinal);

    /// <summary>The rows of many principals, without those that are deleted.</summary>
    public static Task<IReadOnlyList<PrincipalRow>> OfIdsAsync(StoreReader store, string[] ids) =>
        store.QueryAsync<PrincipalRow>(
            $"SELECT {PrincipalRow.Columns} FROM principals WHERE {store.Dialect.In("id", "@ids")} AND deleted_at IS NULL",
            new { ids }
        );

    /// <summary>A page of one type, with the roles of each.</summary>
    public static async Task<(IReadOnlyList<PrincipalRow> Rows, ILookup<string, string> Roles)> ListAsync(
        DbConnection connection,
        string type,
        PrincipalFilter filter,
        string? after,
        int limit
    )
    {
        // Unused conditions are left out: "@email IS NULL OR …" would keep the planner from the index.
        var own = filter.Reach.OwnOf is null ? "" : $" AND id IN ({OwnerLine.Of("@OwnOf")})";
        var rows = (
            await connection.QueryAsync<PrincipalRow>(
                $"""
                SELECT {PrincipalRow.Columns} FROM principals
                WHERE type = @type AND deleted_at IS NULL{own}{filter.Conditions}{(after is null ? "" : " AND id > @after")}
                ORDER BY id LIMIT @limit
                """,
                new
                {
                    type,
                    filter.Reach.OwnOf,
                    Organization = filter.Reach.Organization ?? filter.Organization,
                    filter.Email,
                    filter.Owner,
                    filter.Role,
                    filter.OwnerBound,
                    after,
                    limit,
                }
            )
        ).ToList();
        return (rows, await RolesAsync(connection, [.. rows.Select(row => row.Id), ""]));
    }

    /// <exception cref="ProblemException">404, also if it is out of reach.</exception>
    public static async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> ShowAsync(
        DbConnection connection,
        string type,
        string id,
        Reach reach
    )
    {
        var row = PublicId.IsWellFormed(id, type == PrincipalType.User ? "usr" : "app")
            ? await connection.QueryFirstOrDefaultAsync<PrincipalRow>(
                $"SELECT {PrincipalRow.Columns} FROM principals WHERE id = @id AND type = @type AND deleted_at IS NULL",
                new { id, type }
            )
            : null;
        return (row.OrNotFound(reach), await RolesAsync(connection, id));
    }

    public static async Task InsertAsync(WriteTransaction tx, PrincipalRow row, string? passwordHash, IReadOnlyList<string> roles)
    {
        await tx.ExecuteAsync(
            """
            INSERT INTO principals (id, type, name, email, password_hash, owner_id, organization_id, enabled, permissions, rate_limits, client, created_at)
            VALUES (@Id, @Type, @Name, @Email, @passwordHash, @OwnerId, @OrganizationId, 1, @Permissions, @RateLimits, @Client, @CreatedAt)
            """,
            new
            {
                row.Id,
                row.Type,
                row.Name,
                row.Email,
                passwordHash,
                row.OwnerId,
                row.OrganizationId,
                row.Permissions,
                row.RateLimits,
                row.Client,
                row.CreatedAt,
            }
        );
        await SetRolesAsync(tx, row.Id, roles);
    }

    /// <summary>The language that a user chose; <c>null</c> = none.</summary>
    public static Task<string?> LanguageAsync(StoreReader store, string id) =>
        store.FirstOrDefaultAsync<string>("SELECT language FROM principals WHERE id = @id", new { id });

    /// <summary>Stores the language that a user chose. No right depends on it, so no cache is told.</summary>
    public static Task SetLanguageAsync(WriteTransaction tx, string id, string language) =>
        tx.ExecuteAsync("UPDATE principals SET language = @language WHERE id = @id", new { id, language });

    public static Task SetNameAndEmailAsync(WriteTransaction tx, string id, string name, string? email)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync(
            "UPDATE principals SET name = @name, email = @email WHERE id = @id",
            new
            {
                id,
                name,
                email,
            }
        );
    }

    public static Task SetRateLimitsAsync(WriteTransaction tx, string id, string? rateLimits)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET rate_limits = @rateLimits WHERE id = @id", new { id, rateLimits });
    }

    public static Task SetClientAsync(WriteTransaction tx, string id, ClientSettings client)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET client = @Client WHERE id = @id", new { id, Client = client.Write() });
    }

    /// <summary>Sets <paramref name="since"/> (Unix ms). Access tokens of which it is subject or client and whose <c>jti</c> is older are refused.</summary>
    public static Task SetTokensSinceAsync(WriteTransaction tx, string id, long since)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync(
            "UPDATE principals SET tokens_since = @since WHERE id = @id AND coalesce(tokens_since, 0) < @since",
            new { id, since }
        );
    }

    /// <summary>The hash as stored; <c>null</c> = no password.</summary>
    public static Task<string?> PasswordHashAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<string>("SELECT password_hash FROM principals WHERE id = @id", new { id });

    public static Task SetPasswordHashAsync(WriteTransaction tx, string id, string? passwordHash) =>
        tx.ExecuteAsync("UPDATE principals SET password_hash = @passwordHash WHERE id = @id", new { id, passwordHash });

    public static async Task SetRolesAsync(WriteTransaction tx, string id, IReadOnlyList<string> roles)
    {
        tx.Changed(ChangeKind.Principal, id);
        await tx.ExecuteAsync("DELETE FROM principal_roles WHERE principal_id = @id", new { id });
        foreach (var role in roles)
        {
            await tx.ExecuteAsync("INSERT INTO principal_roles (principal_id, role_id) VALUES (@id, @role)", new { id, role });
        }
    }

    /// <summary>Sets the permissions of an application beside its roles.</summary>
    public static Task SetPermissionsAsync(WriteTransaction tx, string id, string? permissions)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET permissions = @permissions WHERE id = @id", new { id, permissions });
    }

    /// <summary>Gives an application another owner, which bounds it from then on; <c>null</c> = it has no owner.</summary>
    public static Task SetOwnerAsync(WriteTransaction tx, string id, string? ownerId)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET owner_id = @ownerId, owner_bound = 1 WHERE id = @id", new { id, ownerId });
    }

    /// <summary>Gives an application to an organization, in which it acts from then on; <c>null</c> = to none.</summary>
    public static Task SetOrganizationAsync(WriteTransaction tx, string id, string? organizationId)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET organization_id = @organizationId WHERE id = @id", new { id, organizationId });
    }

    /// <summary>The applications of a user that are not deleted.</summary>
    public static Task<IReadOnlyList<string>> ApplicationsOfAsync(WriteTransaction tx, string ownerId) =>
        tx.QueryAsync<string>(
            $"SELECT id FROM principals WHERE owner_id = @ownerId AND deleted_at IS NULL ORDER BY id{tx.Dialect.ForUpdate("principals")}",
            new { ownerId }
        );

    public static Task SetEnabledAsync(WriteTransaction tx, string id, bool enabled)
    {
        tx.Changed(ChangeKind.Principal, id);
        return tx.ExecuteAsync("UPDATE principals SET enabled = @enabled WHERE id = @id", new { id, enabled = enabled ? 1L : 0L });
    }

    /// <summary>Keeps the row, so that references to it remain valid, and erases its personal data.</summary>
    public static async Task DeleteAsync(WriteTransaction tx, string id, long now)
    {
        tx.Changed(ChangeKind.Principal, id);
        await OrganizationStore.LeaveAllAsync(tx, id);
        // Its roles too: a role that only deleted principals had could never be deleted.
        await tx.ExecuteAsync("DELETE FROM principal_roles WHERE principal_id = @id", new { id });
        await tx.ExecuteAsync("DELETE FROM object_roles WHERE principal_id = @id", new { id });
        await tx.ExecuteAsync(
            "UPDATE principals SET deleted_at = @now, enabled = 0, name = 'deleted', email = NULL, password_hash = NULL WHERE id = @id",
            new { id, now }
        );
    }

    /// <summary>Whether the principal is deleted and in reach.</summary>
    public static async Task<bool> IsDeletedAsync(WriteTransaction tx, string type, string id, Reach reach) =>
        await tx.FirstOrDefaultAsync<PrincipalRow>(
            $"SELECT {PrincipalRow.Columns} FROM principals WHERE id = @id AND type = @type AND deleted_at IS NOT NULL",
            new { id, type }
        )
            is { } row
        && reach.Includes(row);

    /// <summary>For an operation that needs the principal to exist and to be in reach.</summary>
    public static PrincipalRow OrNotFound(this PrincipalRow? row, Reach reach) =>
        row is not null && reach.Includes(row) ? row : throw ProblemException.NotFound();
}
