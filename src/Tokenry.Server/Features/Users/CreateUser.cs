using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Users;

/// <summary>Creates a user.</summary>
public sealed class CreateUser(IdempotentGate gate, TimeProvider time)
{
    private static readonly Demand Demand = new(ManagementApi.UsersWrite);

    public async Task<User> RunAsync(Caller caller, UserRequest request)
    {
        try
        {
            return await gate.WriteAsync(
                caller,
                Demand,
                "user.created",
                async operation =>
                {
                    var (tx, entry, _, _, _) = operation;
                    var check = new Validation();
                    var email = UserRules.Email(check, request.Email);
                    var name = check.Name("name", request.Name ?? request.Email);
                    UserRules.RefusePassword(check, request.Password);
                    check.ThrowIfAny();
                    var roles = RoleAssignment.Check(operation, request.Roles);
                    var now = time.GetUtcNow();
                    var row = new PrincipalRow
                    {
                        Id = PublicId.Create("usr", PublicId.NewUuid7(now)),
                        Type = PrincipalType.User,
                        Name = name,
                        Email = email,
                        Enabled = 1,
                        CreatedAt = now.ToUnixTimeMilliseconds(),
                    };
                    entry.TargetType = PrincipalType.User;
                    entry.TargetId = row.Id;
                    await PrincipalStore.InsertAsync(tx, row, passwordHash: null, roles);
                    var user = row.ToUser(roles);
                    entry.Changes = AuditChanges.Made(user);
                    return user;
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw UserRules.EmailTaken();
        }
    }
}
