using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Users;

/// <summary>Makes a user.</summary>
public sealed class CreateUser(Gate gate, Passwords passwords, TimeProvider time)
{
    private static readonly Demand Demand = new(ManagementApi.UsersWrite);

    public async Task<User> RunAsync(Caller caller, UserRequest request)
    {
        await gate.AuthorizeAsync(caller, Demand, "user.created"); // before half a second of a core is spent on a password
        var check = new Validation();
        var email = UserRules.Email(check, request.Email);
        var name = check.Name("name", request.Name ?? request.Email);
        check.ThrowIfAny();
        var hash = request.Password is null ? null : await passwords.HashAsync(request.Password);
        try
        {
            return await gate.WriteOnceAsync(
                caller,
                Demand,
                "user.created",
                async operation =>
                {
                    var (tx, entry, caller, reach, catalog) = operation;
                    var roles = RoleAssignment.Check(catalog, caller, reach, request.Roles);
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
                    await PrincipalStore.InsertAsync(tx, row, hash, roles);
                    return UserRules.ToUser(row, roles);
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw UserRules.EmailTaken();
        }
    }
}
