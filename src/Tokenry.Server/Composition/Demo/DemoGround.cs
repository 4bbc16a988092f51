using System.Text.Json;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition.Demo;

/// <summary>A role that the story made, as its holders get it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Api">The identifier of its API.</param>
/// <param name="Scopes">The scopes at that API.</param>
/// <param name="Stored">Its permissions as the store has them; credentials get the same.</param>
internal sealed record DemoRights(string Id, string Api, string[] Scopes, string Stored)
{
    /// <summary>What the audit trail says of a principal that gets the role.</summary>
    public IReadOnlyList<AuditChange> AsRole { get; } = [Change("roles", $"""["{Id}"]""")];

    /// <summary>What the audit trail says of a credential that gets its permissions.</summary>
    public IReadOnlyList<AuditChange> AsPermissions { get; } =
    [
        Change(
            "permissions",
            $$"""[{"api":"{{Api}}","scopes":[{{string.Join(',', Scopes.Order(StringComparer.Ordinal).Select(scope => $"\"{scope}\""))}}]}]"""
        ),
    ];

    private static AuditChange Change(string member, string after)
    {
        using var json = JsonDocument.Parse(after);
        return new AuditChange(member, null, json.RootElement.Clone());
    }
}

/// <summary>What the story left in the store, on which <see cref="DemoBulk"/> builds.</summary>
/// <param name="Administrator">The first administrator.</param>
/// <param name="CredentialId">The token with which the administrator made everything.</param>
/// <param name="Roles">The roles of the company.</param>
/// <param name="Customers">Its organizations.</param>
internal sealed record DemoGround(
    string Administrator,
    string CredentialId,
    IReadOnlyList<DemoRights> Roles,
    IReadOnlyList<string> Customers
)
{
    public static Task<DemoGround> ReadAsync(Database database) =>
        database.ReadAsync(async connection =>
        {
            var administrator = await connection.QuerySingleAsync<string>(
                "SELECT value FROM store_properties WHERE name = 'bootstrap_administrator'"
            );
            var stored = (
                await connection.QueryAsync<(string Id, string Name, string Permissions)>("SELECT id, name, permissions FROM roles")
            ).ToDictionary(role => role.Name, StringComparer.Ordinal);
            return new DemoGround(
                administrator,
                await connection.QueryFirstAsync<string>(
                    "SELECT id FROM credentials WHERE owner_id = @administrator ORDER BY id LIMIT 1",
                    new { administrator }
                ),
                [
                    .. DemoCompany.Roles.Select(role => new DemoRights(
                        stored[role.Name].Id,
                        role.Api,
                        role.Scopes,
                        stored[role.Name].Permissions
                    )),
                ],
                [.. await connection.QueryAsync<string>("SELECT id FROM organizations ORDER BY id")]
            );
        });
}
