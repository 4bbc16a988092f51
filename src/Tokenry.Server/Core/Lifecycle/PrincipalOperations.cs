using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>What users and applications have in common in their life: being found, paused and deleted.</summary>
public sealed class PrincipalOperations(Gate gate, Caps caps, Brands brands, TimeProvider time)
{
    /// <summary>Finds a principal that the caller may change, with its roles, and makes it the audit entry's target.</summary>
    public static async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> FindForChangeAsync(
        OperationContext operation,
        string type,
        string id
    )
    {
        var (tx, entry, caller, reach, catalog) = operation;
        var row = (await PrincipalStore.FindAsync(tx, type, RequireId(type, id))).OrNotFound(reach);
        entry.TargetType = type;
        entry.TargetId = id;
        var roles = await PrincipalStore.RolesAsync(tx, id);
        RoleAssignment.CheckMayTouch(catalog, caller, row, roles);
        return (row, roles);
    }

    /// <summary>The owner of a credential to be made: there, not deleted, in reach.</summary>
    public static async Task<PrincipalFacts> FindOwnerAsync(WriteTransaction tx, Reach reach, string type, string id) =>
        await PrincipalStore.FactsAsync(tx, (await PrincipalStore.FindAsync(tx, type, RequireId(type, id))).OrNotFound(reach));

    /// <summary>An application may own applications, and a user that one; a longer line would have to be followed at every check.</summary>
    public static void RefuseLongLine(Caller caller, Reach reach)
    {
        if (reach.OwnOf is not null && (caller.Principal.Owner?.OwnerId ?? caller.Principal.OwnerOwnerId) is not null)
        {
            throw new ProblemException(
                403,
                ProblemCode.ExceedsOwnRights,
                "The owner of the calling application is owned itself, so that this one registers none. Have its owner register it."
            );
        }
    }

    /// <summary>A disabled principal's credentials are refused with <c>owner_disabled</c> from the next check on.</summary>
    public async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> SetEnabledAsync(
        Caller caller,
        Demand demand,
        string type,
        string id,
        bool enabled,
        string? transferTo = null
    )
    {
        return await gate.WriteAsync(
            caller,
            demand,
            $"{type}.{(enabled ? "enabled" : "disabled")}",
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                await HoldUsersAsync(tx, id, transferTo);
                var (row, roles) = await FindForChangeAsync(operation, type, id);
                if (enabled && row.Enabled == 0)
                {
                    await new InHands(operation).CheckAsync(Gift.OfWaking(catalog, row.ToFacts([.. roles])));
                }

                entry.Changes = row.Enabled == 1 == enabled ? null : [AuditChanges.Of("enabled", !enabled, enabled)];
                entry.ChangedNothing = entry.Changes is null;
                await LastAdministrator.KeepAsync(operation, row, roles, () => PrincipalStore.SetEnabledAsync(tx, id, enabled));
                await OwnershipTransfer.MoveAllAsync(operation, id, transferTo, caps, () => Moved(operation.Caller));
                return ((await PrincipalStore.FindAsync(tx, type, id))!, roles);
            }
        );
    }

    /// <summary>
    /// Deletes a principal and revokes its credentials. Its applications rest, unless they get another owner in the same call. Once
    /// more changes nothing and is no error.
    /// </summary>
    public async Task DeleteAsync(Caller caller, Demand demand, string type, string id, string? reason, string? transferTo = null)
    {
        var check = new Validation();
        reason = brands.Reason(check, reason, RevokeCredential.LongestReason);
        check.ThrowIfAny();
        await gate.WriteAsync(
            caller,
            demand,
            $"{type}.deleted",
            async operation =>
            {
                var (tx, entry, _, reach, catalog) = operation;
                entry.Reason = reason;
                entry.TargetType = type;
                entry.TargetId = id;
                if (await PrincipalStore.IsDeletedAsync(tx, type, RequireId(type, id), reach))
                {
                    entry.ChangedNothing = true;
                    return false;
                }

                await HoldUsersAsync(tx, id, transferTo);
                var (row, roles) = await FindForChangeAsync(operation, type, id);
                await OwnershipTransfer.MoveAllAsync(operation, id, transferTo, caps, () => Moved(operation.Caller));
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                await LastAdministrator.KeepAsync(operation, row, roles, () => PrincipalStore.DeleteAsync(tx, id, now));
                entry.Changes =
                    type == PrincipalType.User
                        ? AuditChanges.Lost(row.ToUser(roles))
                        : AuditChanges.Lost(row.ToApplication(catalog, roles));
                await AuditStore.EraseTargetAsync(tx, id);
                await CredentialStore.RevokeAllOfAsync(tx, id, now, reason ?? "owner deleted");
                return true;
            }
        );
    }

    private static Task HoldUsersAsync(WriteTransaction tx, string id, string? transferTo) =>
        transferTo is null ? Task.CompletedTask : OwnershipTransfer.HoldUsersAsync(tx, id, transferTo);

    private AuditEntry Moved(Caller caller) => gate.Entry(caller, "application.transferred", AuditEntry.Success, reason: null);

    internal static string RequireId(string type, string id) =>
        Protocol.Credentials.PublicId.IsWellFormed(id, type == PrincipalType.User ? "usr" : "app") ? id : throw ProblemException.NotFound();
}
