using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Users;

/// <summary>PATCH of a user: name, email, roles; a password can only be removed. The caller must hold every management right that the user holds.</summary>
public sealed class ReviseUser(Gate gate)
{
    private static readonly Demand Demand = new(ManagementApi.UsersWrite);

    public async Task<User> RunAsync(Caller caller, string id, UserPatch patch)
    {
        try
        {
            return await gate.WriteAsync(
                caller,
                Demand,
                "user.updated",
                async operation =>
                {
                    var (tx, entry, _, _, _) = operation;
                    var (row, roles) = await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.User(id));
                    var before = row.ToUser(roles);
                    var check = new Validation();
                    var name = check.Name("name", patch.Name.Or(row.Name));
                    // An address that was accepted under older rules stays until the caller sets another one.
                    var email = patch.Email.IsPresent ? UserRules.Email(check, patch.Email.Or(null)) : row.Email;
                    UserRules.RefusePassword(check, patch.Password.Or(null));
                    check.ThrowIfAny();
                    await PrincipalStore.SetNameAndEmailAsync(tx, id, name, email);
                    var oldHash = await PrincipalStore.PasswordHashAsync(tx, id);
                    if (patch.Password.IsPresent)
                    {
                        await PrincipalStore.SetPasswordHashAsync(tx, id, passwordHash: null);
                        await SessionStore.EndAllAsync(tx, id);
                    }

                    if (patch.Roles.IsPresent)
                    {
                        roles = await UserRoles.ReplaceAsync(operation, row, roles, patch.Roles.Or(null));
                    }

                    var after = (await PrincipalStore.FindAsync(tx, PrincipalType.User, id))!.ToUser(roles);
                    entry.Changes = AuditChanges.Between(before, after);
                    if (patch.Password.IsPresent)
                    {
                        entry.Changes = [.. entry.Changes ?? [], AuditChanges.Of("password", oldHash, null)];
                    }

                    return after;
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw UserRules.EmailTaken();
        }
    }
}
