using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Changes the roles of a principal in an organization, the same way for every request.</summary>
internal static class MemberRoles
{
    /// <param name="operation">The operation.</param>
    /// <param name="id">The organization.</param>
    /// <param name="member">The id of a user or application, or the e-mail address of a user.</param>
    /// <param name="wanted">The roles that it will have there, from those that it has.</param>
    /// <returns>The change; <c>null</c> if the principal does not exist or cannot be a member.</returns>
    public static async Task<MembershipChange?> ChangeAsync(
        OperationContext operation,
        string id,
        string member,
        Func<IReadOnlyList<string>, IReadOnlyList<string>> wanted
    )
    {
        var (tx, entry, _, reach, catalog) = operation;
        await OrganizationOperations.FindForChangeAsync(operation, id);
        var principal = await FindAsync(tx, member);
        var memberId = principal?.Id ?? member;
        var held = principal is null ? [] : await OrganizationStore.RolesAsync(tx, id, memberId);
        if (principal is null || !MayBelong(principal, id, held.Count > 0, reach))
        {
            return null;
        }

        entry.TargetType = principal.Type;
        entry.TargetId = memberId;
        var roles = RoleAssignment.CheckInOrganization(operation, wanted(held), held);
        string[] added = [.. roles.Except(held, StringComparer.Ordinal)];
        string[] removed = [.. held.Except(roles, StringComparer.Ordinal)];
        if (added.Length + removed.Length == 0)
        {
            entry.ChangedNothing = true;
            return new(memberId, [], []);
        }

        if (added.Length > 0)
        {
            var given = RoleAssignment.InOrganization(catalog, added);
            var facts = (await PrincipalStore.OwnFactsAsync(tx, memberId))!;
            await new InHands(operation).CheckAsync(
                // Credentials that a new member has there from an earlier membership open again.
                Gift.ToOne(memberId, PermissionSet.Empty, held.Count > 0 ? given : given.Union(Rights.Named(catalog, facts)))
            );
        }

        await LastOrganizationAdministrator.KeepAsync(tx, memberId, () => OrganizationStore.ChangeAsync(tx, id, memberId, added, removed));
        entry.Changes =
        [
            AuditChanges.OfType<IReadOnlyList<string>>("roles", held, [.. roles]),
            .. roles.Count == 0 ? await ObjectRoleStore.EndAsync(tx, memberId, id) : [],
        ];
        return new(memberId, added, removed);
    }

    /// <summary>
    /// An application that an organization owns belongs to that one. A caller of the organization changes its members and its applications; people come to it
    /// by an invitation or by an administrator of the server.
    /// </summary>
    private static bool MayBelong(PrincipalRow principal, string id, bool isMember, Reach reach) =>
        principal.OrganizationId == id || (principal.OrganizationId is null && (isMember || reach.IsAll));

    private static async Task<PrincipalRow?> FindAsync(WriteTransaction tx, string id) =>
        PublicId.IsWellFormed(id, "usr") ? await PrincipalStore.FindAsync(tx, PrincipalType.User, id)
        : PublicId.IsWellFormed(id, "app") ? await PrincipalStore.FindAsync(tx, PrincipalType.Application, id)
        : id.Contains('@', StringComparison.Ordinal) && await PrincipalStore.UserOfEmailAsync(tx, id) is { } user
            ? await PrincipalStore.FindAsync(tx, PrincipalType.User, user)
        : null;
}
