using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Roles;

/// <summary>PATCH and DELETE of a role. A change applies to the role's holders at the next check.</summary>
public sealed class ReviseRole(Gate gate)
{
    public async Task<Role> RunAsync(Caller caller, string id, RolePatch patch)
    {
        try
        {
            return await gate.WriteAsync(
                caller,
                new Demand(ManagementApi.RolesWrite),
                "role.updated",
                async operation =>
                {
                    var (tx, entry, caller, _, catalog) = operation;
                    var old = await FindAsync(tx, id);
                    entry.TargetType = "role";
                    entry.TargetId = id;
                    MintingRule.CheckManagement(caller, GrantSet.Of(old.Permissions).At(ManagementApi.Resource));
                    var description = patch.Description.Or(old.Description);
                    var permissions = patch.Permissions.Or(null) ?? [];
                    var row = new RoleRow
                    {
                        Id = id,
                        Name = RoleRules.Check(
                            operation,
                            patch.Name.Or(old.Name),
                            description,
                            patch.Permissions.IsPresent ? permissions : null
                        ),
                        Description = description,
                        Permissions = patch.Permissions.IsPresent ? GrantSet.Of(catalog, permissions).ToColumn() : old.Permissions,
                        Requestable = patch.Requestable.Or(old.Requestable == 1) == true ? 1 : 0,
                        CreatedAt = old.CreatedAt,
                    };
                    await new InHands(operation).CheckAsync(
                        Gift.ToHolders(
                            id,
                            Rights.OfGrants(catalog, GrantSet.Of(old.Permissions)),
                            Rights.OfGrants(catalog, GrantSet.Of(row.Permissions))
                        )
                    );
                    await LastAdministrator.KeepAsync(operation, row.ToFacts(), () => RoleStore.UpdateAsync(tx, row));
                    var role = row.ToRole(catalog);
                    entry.Changes = AuditChanges.Between(old.ToRole(catalog), role);
                    return role;
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw RoleRules.NameTaken();
        }
    }

    public Task DeleteAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            new Demand(ManagementApi.RolesWrite),
            "role.deleted",
            async operation =>
            {
                var (tx, entry, caller, _, catalog) = operation;
                Require(id);
                entry.TargetType = "role";
                entry.TargetId = id;
                if (await RoleStore.FindAsync(tx, id) is not { } row)
                {
                    return await Tombstones.IsBuriedAsync(tx, id) ? false : throw ProblemException.NotFound();
                }

                MintingRule.CheckManagement(caller, GrantSet.Of(row.Permissions).At(ManagementApi.Resource));
                if (await RoleStore.IsAssignedAsync(tx, id))
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InUse,
                        "The role is assigned. Take it from its users and applications first."
                    );
                }

                await RoleStore.DeleteAsync(tx, id);
                entry.Changes = AuditChanges.Lost(row.ToRole(catalog));
                return true;
            }
        );

    private static async Task<RoleRow> FindAsync(WriteTransaction tx, string id)
    {
        Require(id);
        return await RoleStore.FindAsync(tx, id) ?? throw ProblemException.NotFound();
    }

    private static void Require(string id)
    {
        if (!PublicId.IsWellFormed(id, "rol"))
        {
            throw ProblemException.NotFound();
        }

        if (ManagementApi.BuiltInRoles.Any(role => role.Id == id))
        {
            throw new ProblemException(409, ProblemCode.InUse, "Built-in roles cannot be changed. Make one of your own.");
        }
    }
}
