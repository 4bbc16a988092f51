using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>Takes one role from a principal, with the checks and the event of the operation that sets its roles.</summary>
internal static class TakeRole
{
    public static Task RunAsync(OperationContext operation, ReviewLineRow line) =>
        line.IsOnObjects ? OnObjectsAsync(operation, line)
        : line.OrganizationId is { } organization ? InOrganizationAsync(operation, line, organization)
        : OnServerAsync(operation, line);

    private static async Task OnServerAsync(OperationContext operation, ReviewLineRow line)
    {
        var (tx, entry, _, _, _) = operation;
        var taken = entry.With($"{line.OwnerType}.updated");
        var address = new PrincipalAddress(line.OwnerType, line.OwnerId);
        var (row, roles) = await PrincipalOperations.FindForChangeAsync(operation with { Entry = taken }, address);
        string[] left = [.. roles.Where(role => role != line.TargetId)];
        if (left.Length == roles.Count)
        {
            return;
        }

        await LastAdministrator.KeepAsync(operation, row, roles, () => PrincipalStore.SetRolesAsync(tx, row.Id, left));
        taken.Changes = [AuditChanges.OfType<IReadOnlyList<string>>("roles", roles, left)];
        tx.Record(taken);
    }

    private static async Task InOrganizationAsync(OperationContext operation, ReviewLineRow line, string organization)
    {
        var (tx, entry, _, reach, _) = operation;
        await OrganizationStore.FindAsync(tx, organization, reach);
        var roles = await OrganizationStore.RolesAsync(tx, organization, line.OwnerId);
        string[] left = [.. roles.Where(role => role != line.TargetId)];
        if (left.Length == roles.Count)
        {
            return;
        }

        await LastOrganizationAdministrator.KeepAsync(
            tx,
            line.OwnerId,
            () => OrganizationStore.ChangeAsync(tx, organization, line.OwnerId, added: [], removed: [line.TargetId])
        );
        var action = left.Length == 0 ? "organization.member_removed" : "organization.member_roles_replaced";
        var taken = entry.With(action, line.OwnerType, line.OwnerId);
        taken.OrganizationId = organization;
        taken.Changes =
        [
            AuditChanges.OfType<IReadOnlyList<string>>("roles", roles, left),
            .. left.Length == 0 ? await ObjectRoleStore.EndAsync(tx, line.OwnerId, organization) : [],
        ];
        tx.Record(taken);
    }

    /// <summary>Takes the role where it counts on some objects only.</summary>
    private static async Task OnObjectsAsync(OperationContext operation, ReviewLineRow line)
    {
        var (tx, entry, _, _, _) = operation;
        var place = new ObjectRolesPlace(new(line.OwnerType, line.OwnerId), line.OrganizationId);
        var taken = entry.With(place.ReplacedAction);
        await place.FindForChangeAsync(operation with { Entry = taken });
        var held = await ObjectRoleStore.ListAsync(tx, line.OwnerId, line.OrganizationId);
        var left = held.Where(role => role.RoleId != line.TargetId).ToList();
        if (left.Count == held.Count)
        {
            return;
        }

        await ObjectRoleStore.ReplaceAsync(tx, line.OwnerId, line.OrganizationId, left);
        taken.Changes = [HeldObjectRole.Change(held, left)];
        tx.Record(taken);
    }
}
