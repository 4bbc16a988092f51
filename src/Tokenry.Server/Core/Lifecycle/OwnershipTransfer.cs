using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The owner of an application: a user, an organization, or none.</summary>
/// <param name="UserId">A user, who bounds it.</param>
/// <param name="OrganizationId">An organization, in which it acts.</param>
public sealed record ApplicationOwner(string? UserId, string? OrganizationId);

/// <summary>Gives applications to another user, who bounds them from then on, or to an organization, or removes their owner.</summary>
public static class OwnershipTransfer
{
    /// <summary>The value of the query parameter for no owner, since a query cannot express <c>null</c>.</summary>
    private const string None = "none";

    /// <summary>
    /// Locks users until COMMIT, before their applications are locked. Users always come first and in one order, so that no two mutations deadlock. Malformed
    /// ids are skipped.
    /// </summary>
    public static async Task HoldUsersAsync(WriteTransaction tx, params string?[] users)
    {
        var ids = users.OfType<string>().Where(id => PublicId.IsWellFormed(id, "usr")).ToArray();
        if (ids.Length > 0 && tx.Dialect.ForUpdate("principals") is { Length: > 0 } locking)
        {
            await tx.QueryAsync<string>($"SELECT id FROM principals WHERE {tx.Dialect.In("id", "@ids")} ORDER BY id{locking}", new { ids });
        }
    }

    /// <summary>Requires that the user of that id exists and is enabled; the application of a disabled owner would be inactive at once.</summary>
    /// <exception cref="ProblemException">400 naming <paramref name="member"/>.</exception>
    public static async Task RequireOwnerAsync(WriteTransaction tx, string member, string? ownerId)
    {
        if (ownerId is null)
        {
            return;
        }

        var enabled = PublicId.IsWellFormed(ownerId, "usr")
            ? await tx.FirstOrDefaultAsync<long?>(
                "SELECT enabled FROM principals WHERE id = @ownerId AND type = 'user' AND deleted_at IS NULL",
                new { ownerId }
            )
            : null;
        if (enabled != 1)
        {
            throw ProblemException.Invalid(
                member,
                enabled is null
                    ? $"'{Validation.Shown(ownerId)}' is not the id of a user"
                    : "is disabled, so that the application would be refused with owner_disabled; enable the user first"
            );
        }
    }

    /// <summary>Moves one application and records the old and the new owner on the entry.</summary>
    /// <param name="hands">The check of what the caller holds.</param>
    /// <param name="operation">Its transaction.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="row">The application.</param>
    /// <param name="owner">The new owner. If it is the present owner, the owner only bounds the application from then on.</param>
    /// <exception cref="ProblemException">
    /// 403: the caller holds the application before or after the move, and the application has rights beyond the caller's.
    /// </exception>
    public static async Task MoveAsync(
        InHands hands,
        OperationContext operation,
        AuditEntry entry,
        PrincipalRow row,
        ApplicationOwner owner
    )
    {
        var (ownerId, organizationId) = owner;
        var tx = operation.Transaction;
        entry.TargetType = PrincipalType.Application;
        entry.TargetId = row.Id;
        entry.OrganizationId = organizationId ?? row.OrganizationId;
        entry.Reason = $"from {row.OwnerId ?? row.OrganizationId ?? None} to {ownerId ?? organizationId ?? None}";
        entry.Changes = ChangesOf(row, owner);
        if (row.OwnerId != ownerId || row.OrganizationId != organizationId)
        {
            await hands.CheckAsync(Gift.OfOwner(operation.Catalog, (await PrincipalStore.OwnFactsAsync(tx, row.Id))!, ownerId));
        }

        await PrincipalStore.SetOwnerAsync(tx, row.Id, ownerId);
        if (row.OrganizationId != organizationId)
        {
            await PrincipalStore.SetOrganizationAsync(tx, row.Id, organizationId);
            await OrganizationStore.LeaveAllAsync(tx, row.Id, organizationId);
        }
    }

    /// <summary>The change of owner, and the change to being bound by the owner. The owner may stay the same.</summary>
    private static List<AuditChange>? ChangesOf(PrincipalRow application, ApplicationOwner owner)
    {
        var (ownerId, organizationId) = owner;
        var changes = new List<AuditChange>();
        if (application.OrganizationId != organizationId)
        {
            changes.Add(AuditChanges.Of("organization_id", application.OrganizationId, organizationId));
        }

        if (application.OwnerId != ownerId)
        {
            changes.Add(AuditChanges.Of("owner_id", application.OwnerId, ownerId));
        }

        bool? was = application.OwnerId is null ? null : application.OwnerBound == 1;
        bool? now = ownerId is null ? null : true;
        if (was != now)
        {
            changes.Add(AuditChanges.Of("owner_bound", was, now));
        }

        return changes.Count == 0 ? null : changes;
    }

    /// <summary>Transfers everything a user owns in the call that deletes or disables the user, with an audit entry each.</summary>
    /// <param name="operation">The operation that deletes or disables the user; its caller needs <c>applications:write</c>.</param>
    /// <param name="userId">The owner of the applications.</param>
    /// <param name="to">The query's <c>transfer_to</c>: a user's id or <c>none</c>; <c>null</c> = they stay with the user.</param>
    /// <param name="caps">How many the other user may own.</param>
    public static async Task MoveAllAsync(OperationContext operation, string userId, string? to, Caps caps)
    {
        if (to is null)
        {
            return;
        }

        var (tx, cause, caller, _, _) = operation;
        if (!caller.Management.Contains(ManagementApi.ApplicationsWrite))
        {
            throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.ApplicationsWrite]);
        }

        if (to == userId)
        {
            throw ProblemException.Invalid(TransferTo, "is the user whose applications are to be moved");
        }

        var ownerId = to == None ? null : to;
        await RequireOwnerAsync(tx, TransferTo, ownerId);
        var applications = await PrincipalStore.ApplicationsOfAsync(tx, userId);
        await caps.CheckApplicationsAsync(tx, ownerId, applications.Count);
        var hands = new InHands(operation);
        foreach (var id in applications)
        {
            var application = (await PrincipalStore.FindAsync(tx, PrincipalType.Application, id))!;
            RoleAssignment.CheckMayTouch(operation, application, await PrincipalStore.HeldAsync(tx, id));
            var entry = cause.With("application.transferred");
            await MoveAsync(hands, operation, entry, application, new ApplicationOwner(ownerId, OrganizationId: null));
            tx.Record(entry);
        }
    }

    /// <summary>The name of the query parameter.</summary>
    public const string TransferTo = "transfer_to";
}
