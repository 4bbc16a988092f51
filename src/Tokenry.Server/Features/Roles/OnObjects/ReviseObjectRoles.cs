using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Features.Roles.OnObjects;

/// <summary>Shows and replaces the roles that a principal has on some objects only, at one place.</summary>
public sealed class ReviseObjectRoles(Gate gate)
{
    /// <param name="caller">The caller.</param>
    /// <param name="place">Whose, and where.</param>
    /// <returns>The name of the principal, and the roles.</returns>
    public Task<(string Name, ObjectRoles Roles)> ShowAsync(Caller caller, ObjectRolesPlace place) =>
        gate.ReadOneAsync(
            caller,
            place.Read,
            place.ReadAction,
            async read =>
            {
                var name = await place.FindAsync(read);
                return (name, Shown(await ObjectRoleStore.ListAsync(read.Connection, place.Principal.Id, place.OrganizationId)));
            }
        );

    /// <param name="caller">The caller.</param>
    /// <param name="place">Whose, and where.</param>
    /// <param name="wanted">What the principal has from now on, from what it has.</param>
    public Task<ObjectRoles> ReplaceAsync(
        Caller caller,
        ObjectRolesPlace place,
        Func<IReadOnlyList<ObjectRole>, IReadOnlyList<ObjectRole>?> wanted
    ) =>
        gate.WriteAsync(
            caller,
            place.Write,
            place.ReplacedAction,
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                await place.FindForChangeAsync(operation);
                var held = await ObjectRoleStore.ListAsync(tx, place.Principal.Id, place.OrganizationId);
                var given = ObjectRoleAssignment.Check(operation, wanted(Shown(held).Items), held, place.OrganizationId);
                if (given.Count == held.Count && given.All(one => held.Any(one.Is)))
                {
                    entry.ChangedNothing = true;
                    return Shown(held);
                }

                var more = Rights.OfObjectRoles(catalog, ObjectRoleAssignment.Beyond(held, given));
                await new InHands(operation).CheckAsync(Gift.ToOne(place.Principal.Id, PermissionSet.Empty, more));
                await ObjectRoleStore.ReplaceAsync(tx, place.Principal.Id, place.OrganizationId, given);
                entry.Changes = [HeldObjectRole.Change(held, given)];
                return Shown(given);
            }
        );

    private static ObjectRoles Shown(IReadOnlyList<HeldObjectRole> held) =>
        new([
            .. held.GroupBy(role => role.RoleId, role => role.Pattern.ToString(), StringComparer.Ordinal)
                .Select(role => new ObjectRole(role.Key, [.. role.Order(StringComparer.Ordinal)]))
                .OrderBy(role => role.Role, StringComparer.Ordinal),
        ]);
}
