using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Principals;

/// <summary>Gives applications to another user, who bounds them from then on, or takes their owner away.</summary>
public static class OwnershipTransfer
{
    /// <summary>In a query, where <c>null</c> cannot be said.</summary>
    private const string None = "none";

    /// <summary>The user of that id, enabled: with another the application would rest at once.</summary>
    /// <exception cref="ProblemException">400 naming <paramref name="member"/>.</exception>
    public static async Task RequireOwnerAsync(WriteTransaction tx, string member, string? ownerId)
    {
        if (ownerId is null)
        {
            return;
        }

        // Without a lock on it: who locks a user and then their applications must not meet who does it the other way round.
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

    /// <summary>Moves one application and says on the entry from whom to whom.</summary>
    public static async Task MoveAsync(WriteTransaction tx, AuditEntry entry, PrincipalRow application, string? ownerId)
    {
        entry.TargetType = PrincipalType.Application;
        entry.TargetId = application.Id;
        entry.Reason = $"from {application.OwnerId ?? None} to {ownerId ?? None}";
        entry.Changes = ChangesOf(application, ownerId);
        await PrincipalStore.SetOwnerAsync(tx, application.Id, ownerId);
    }

    /// <summary>Its owner, and that the owner bounds it from now on where that was not so, be it the same owner.</summary>
    private static List<AuditChange>? ChangesOf(PrincipalRow application, string? ownerId)
    {
        var changes = new List<AuditChange>();
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

    /// <summary>Everything a user owns goes with the call that ends or pauses the user, an audit entry each.</summary>
    /// <param name="operation">What ends or pauses the user; its caller needs <c>applications:write</c>.</param>
    /// <param name="userId">Whose applications.</param>
    /// <param name="to">The query's <c>transfer_to</c>: a user's id or <c>none</c>; <c>null</c> = they stay with the user.</param>
    /// <param name="entryOf">Makes the entry of each.</param>
    public static async Task MoveAllAsync(OperationContext operation, string userId, string? to, Func<AuditEntry> entryOf)
    {
        if (to is null)
        {
            return;
        }

        var (tx, _, caller, _, catalog) = operation;
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
        foreach (var id in await PrincipalStore.ApplicationsOfAsync(tx, userId))
        {
            var application = (await PrincipalStore.FindAsync(tx, PrincipalType.Application, id))!;
            RoleAssignment.CheckMayTouch(catalog, caller, application, await PrincipalStore.RolesAsync(tx, id));
            var entry = entryOf();
            await MoveAsync(tx, entry, application, ownerId);
            tx.Record(entry);
        }
    }

    /// <summary>The name of the query parameter.</summary>
    public const string TransferTo = "transfer_to";
}
