using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles;

/// <summary>Lists and shows roles; the built-in roles come first because their ids sort first.</summary>
public sealed class ListRoles(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.RolesRead);

    /// <summary>Tokenry's own API only: built-in roles do not depend on registered APIs.</summary>
    private static readonly Catalog OwnApi = new([], []);

    private static readonly Role[] BuiltIn =
    [
        .. ManagementApi
            .BuiltInRoles.Select(role => new Role
            {
                Id = role.Id,
                Name = role.Name,
                Description = role.Description,
                BuiltIn = true,
                Requestable = role.IsRequestable,
                Permissions = role.Permissions.ToPermissions(OwnApi),
            })
            .OrderBy(role => role.Id, StringComparer.Ordinal),
    ];

    public Task<Page<Role>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadAsync(
            caller,
            Demand,
            "roles.listed",
            async read =>
            {
                var name = listing.Text("name");
                var after = listing.IdCursor("rol");
                var rows = await read.Connection.QueryAsync<RoleRow>(
                    $"SELECT {RoleRow.Columns} FROM roles WHERE (@name IS NULL OR name = @name) AND (@after IS NULL OR id > @after) ORDER BY id LIMIT @limit",
                    new
                    {
                        name,
                        after,
                        limit = listing.Limit + 1,
                    }
                );
                var builtIn = BuiltIn.Where(role =>
                    (name is null || role.Name == name) && (after is null || string.CompareOrdinal(role.Id, after) > 0)
                );
                return listing.ToPage([.. builtIn, .. rows.Select(row => row.ToRole(read.Catalog))], role => role, role => role.Id);
            }
        );
    }

    public Task<Role> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            Demand,
            "role.read",
            async read =>
            {
                var row = PublicId.IsWellFormed(id, "rol")
                    ? await read.Connection.QueryFirstOrDefaultAsync<RoleRow>(
                        $"SELECT {RoleRow.Columns} FROM roles WHERE id = @id",
                        new { id }
                    )
                    : null;
                return Array.Find(BuiltIn, role => role.Id == id) ?? row?.ToRole(read.Catalog) ?? throw ProblemException.NotFound();
            }
        );
}
