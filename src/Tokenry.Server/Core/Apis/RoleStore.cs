using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>A role as stored.</summary>
public sealed class RoleRow
{
    public const string Columns = "id, name, description, permissions, requestable, created_at";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public string Permissions { get; init; } = "[]";

    /// <summary>1 = every user may see it and ask for it.</summary>
    public long Requestable { get; init; }

    public long CreatedAt { get; init; }

    public RoleFacts ToFacts() =>
        new()
        {
            Id = Id,
            Name = Name,
            Description = Description,
            Permissions = GrantSet.Of(Permissions),
            IsRequestable = Requestable == 1,
        };

    public Role ToRole(Catalog catalog) =>
        new()
        {
            Id = Id,
            Name = Name,
            Description = Description,
            BuiltIn = false,
            Requestable = Requestable == 1,
            Permissions = GrantSet.Of(Permissions).ToPermissions(catalog),
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        };
}

/// <summary>SQL that writes roles; the <see cref="Catalog"/> reads them for decisions.</summary>
public static class RoleStore
{
    public static Task<RoleRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<RoleRow>($"SELECT {RoleRow.Columns} FROM roles WHERE id = @id{tx.Dialect.ForUpdate("roles")}", new { id });

    public static Task InsertAsync(WriteTransaction tx, RoleRow row)
    {
        tx.Changed(ChangeKind.Catalog, row.Id);
        return tx.ExecuteAsync(
            """
            INSERT INTO roles (id, name, description, permissions, requestable, created_at)
            VALUES (@Id, @Name, @Description, @Permissions, @Requestable, @CreatedAt)
            """,
            row
        );
    }

    public static Task UpdateAsync(WriteTransaction tx, RoleRow row)
    {
        tx.Changed(ChangeKind.Catalog, row.Id);
        return tx.ExecuteAsync(
            "UPDATE roles SET name = @Name, description = @Description, permissions = @Permissions, requestable = @Requestable WHERE id = @Id",
            row
        );
    }

    public static async Task DeleteAsync(WriteTransaction tx, string id)
    {
        tx.Changed(ChangeKind.Catalog, id);
        await tx.ExecuteAsync("DELETE FROM roles WHERE id = @id", new { id });
        await Tombstones.BuryAsync(tx, id);
    }

    public static async Task<bool> IsAssignedAsync(WriteTransaction tx, string id) =>
        await tx.FirstOrDefaultAsync<string>(
            "SELECT principal_id FROM principal_roles WHERE role_id = @id UNION ALL SELECT principal_id FROM organization_members WHERE role_id = @id "
                + "UNION ALL SELECT principal_id FROM object_roles WHERE role_id = @id LIMIT 1",
            new { id }
        )
            is not null;
}
