using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Users;

/// <summary>PATCH of a user: name, email, password, roles. Only who holds every management right the user holds may.</summary>
public sealed class ReviseUser(Gate gate, Passwords passwords)
{
    private static readonly Demand Demand = new(ManagementApi.UsersWrite);

    public async Task<User> RunAsync(Caller caller, string id, UserPatch patch)
    {
        await gate.AuthorizeAsync(caller, Demand, "user.updated");
        var hash = patch.Password.Or(null) is { } password ? await passwords.HashAsync(password) : null;
        try
        {
            return await gate.WriteAsync(
                caller,
                Demand,
                "user.updated",
                async operation =>
                {
                    var (tx, entry, caller, reach, catalog) = operation;
                    var (row, roles) = await PrincipalOperations.FindForChangeAsync(
                        tx,
                        entry,
                        reach,
                        catalog,
                        caller,
                        PrincipalType.User,
                        id
                    );
                    var before = UserRules.ToUser(row, roles);
                    var check = new Validation();
                    var name = check.Name("name", patch.Name.Or(row.Name));
                    // One that was taken before by other rules stays until another is said.
                    var email = patch.Email.IsPresent ? UserRules.Email(check, patch.Email.Or(null)) : row.Email;
                    check.ThrowIfAny();
                    await PrincipalStore.SetNameAndEmailAsync(tx, id, name, email);
                    var oldHash = await PrincipalStore.PasswordHashAsync(tx, id);
                    if (patch.Password.IsPresent)
                    {
                        await PrincipalStore.SetPasswordHashAsync(tx, id, hash);
                    }

                    if (patch.Roles.IsPresent)
                    {
                        roles = RoleAssignment.Check(catalog, caller, reach, patch.Roles.Or(null));
                        await PrincipalStore.SetRolesAsync(tx, id, roles);
                    }

                    var after = UserRules.ToUser((await PrincipalStore.FindAsync(tx, PrincipalType.User, id))!, roles);
                    entry.Changes = AuditChanges.Between(before, after);
                    if (patch.Password.IsPresent)
                    {
                        entry.Changes = [.. entry.Changes ?? [], AuditChanges.Of("password", oldHash, hash)];
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
