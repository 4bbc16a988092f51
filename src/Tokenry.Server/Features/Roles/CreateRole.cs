using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Roles;

/// <summary>Creates a role. A caller cannot create a role with more management rights than its own.</summary>
public sealed class CreateRole(IdempotentGate gate, TimeProvider time)
{
    public async Task<Role> RunAsync(Caller caller, RoleRequest request)
    {
        try
        {
            return await gate.WriteAsync(
                caller,
                new Demand(ManagementApi.RolesWrite),
                "role.created",
                async operation =>
                {
                    var (tx, entry, _, _, catalog) = operation;
                    var now = time.GetUtcNow();
                    var row = new RoleRow
                    {
                        Id = PublicId.Create("rol", PublicId.NewUuid7(now)),
                        Name = RoleRules.Check(operation, request.Name, request.Description, request.Permissions ?? []),
                        Description = request.Description,
                        Permissions = GrantSet.Of(catalog, request.Permissions ?? []).ToColumn(),
                        Requestable = request.Requestable == true ? 1 : 0,
                        CreatedAt = now.ToUnixTimeMilliseconds(),
                    };
                    entry.TargetType = "role";
                    entry.TargetId = row.Id;
                    await RoleStore.InsertAsync(tx, row);
                    var role = row.ToRole(catalog);
                    entry.Changes = AuditChanges.Made(role);
                    return role;
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw RoleRules.NameTaken();
        }
    }
}
