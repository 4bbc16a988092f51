using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Changes the roles of a user on the whole server, the same way for every request.</summary>
internal static class UserRoles
{
    /// <param name="operation">The operation, which found the user for a change.</param>
    /// <param name="row">The user.</param>
    /// <param name="held">The roles that the user has.</param>
    /// <param name="wanted">The roles that the user will have.</param>
    /// <returns>The roles as they are stored.</returns>
    public static async Task<IReadOnlyList<string>> ReplaceAsync(
        OperationContext operation,
        PrincipalRow row,
        IReadOnlyList<string> held,
        IReadOnlyList<string>? wanted
    )
    {
        var (tx, _, _, _, catalog) = operation;
        var given = RoleAssignment.Check(operation, wanted);
        await new InHands(operation).CheckAsync(Gift.ToOne(row.Id, Rights.OfRoles(catalog, held), Rights.OfRoles(catalog, given)));
        await LastAdministrator.KeepAsync(operation, row, held, () => PrincipalStore.SetRolesAsync(tx, row.Id, given));
        return given;
    }
}
