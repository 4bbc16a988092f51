using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>The lifecycle operations that users and applications share: find, disable and delete.</summary>
public sealed class PrincipalOperations(Gate gate, Caps caps, Brands brands, TimeProvider time)
{
    /// <summary>Finds a principal that the caller may change, with its roles, and makes it the audit entry's target.</summary>
    public static async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> FindForChangeAsync(
        OperationContext operation,
        PrincipalAddress address
    )
    {
        var (tx, entry, _, _, _) = operation;
        var row = await FindAsync(operation, address);
        entry.TargetType = address.Type;
        entry.TargetId = address.Id;
        entry.OrganizationId ??= row.OrganizationId;
        var held = await PrincipalStore.HeldAsync(tx, address.Id);
        RoleAssignment.CheckMayTouch(operation, row, held);
        return (row, held.RoleIds);
    }

    /// <summary>Finds the owner of a new credential. It must exist, not be deleted and be in reach.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="address">The owner.</param>
    /// <param name="organizationId">
    /// The organization in which the credential will act; <c>null</c> = the one in which the caller acts or that owns the application, if there is one.
    /// </param>
    public static async Task<PrincipalFacts> FindOwnerAsync(
        OperationContext operation,
        PrincipalAddress address,
        string? organizationId = null
    )
    {
        var row = await FindAsync(operation, address);
        var callers = operation.Caller.OrganizationId;
        var acts = organizationId ?? row.OrganizationId ?? callers;
        var owner = await PrincipalStore.FactsAsync(operation.Transaction, row, acts);
        operation.Entry.OrganizationId ??= acts;
        if (organizationId is not null && ((callers is not null && organizationId != callers) || !owner.BelongsTo(organizationId)))
        {
            operation.Entry.OrganizationId = callers;
            throw ProblemException.Invalid("organization_id", "is not an organization in which the owner of the credential can act");
        }

        return owner;
    }

    /// <summary>
    /// Refuses a line of owners that is too long, because every check follows the line. An application may own applications, and a user may own that one.
    /// </summary>
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

    /// <summary>Enables or disables a principal. A disabled principal's credentials are refused with <c>owner_disabled</c> from the next check on.</summary>
    public async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> SetEnabledAsync(
        Caller caller,
        PrincipalAddress address,
        bool enabled,
        string? transferTo = null
    )
    {
        var id = address.Id;
        return await gate.WriteAsync(
            caller,
            address.Write,
            $"{address.Type}.{(enabled ? "enabled" : "disabled")}",
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                await HoldUsersAsync(tx, id, transferTo);
                var (row, roles) = await FindForChangeAsync(operation, address);
                if (enabled && row.Enabled == 0)
                {
                    await new InHands(operation).CheckAsync(Gift.OfWaking(catalog, (await PrincipalStore.OwnFactsAsync(tx, id))!));
                }

                entry.Changes = row.Enabled == 1 == enabled ? null : [AuditChanges.Of("enabled", !enabled, enabled)];
                entry.ChangedNothing = entry.Changes is null;
                await LastAdministrator.KeepAsync(
                    operation,
                    row,
                    roles,
                    () => LastOrganizationAdministrator.KeepAsync(tx, row.Id, () => PrincipalStore.SetEnabledAsync(tx, id, enabled))
                );
                if (!enabled)
                {
                    await EndSignInAsync(tx, address); // a user who is enabled later signs in again
                }

                await OwnershipTransfer.MoveAllAsync(operation, id, transferTo, caps);
                return ((await PrincipalStore.FindAsync(tx, address.Type, id))!, roles);
            }
        );
    }

    /// <summary>
    /// Deletes a principal and revokes its credentials. Its applications become inactive, unless the same call gives them another owner. A repeated call
    /// changes nothing and is not an error.
    /// </summary>
    public async Task DeleteAsync(Caller caller, PrincipalAddress address, string? reason, string? transferTo = null)
    {
        var id = address.Id;
        var check = new Validation();
        reason = brands.Reason(check, reason, RevokeCredential.LongestReason);
        check.ThrowIfAny();
        await gate.WriteAsync(
            caller,
            address.Write,
            $"{address.Type}.deleted",
            async operation =>
            {
                var (tx, entry, _, reach, catalog) = operation;
                entry.Reason = reason;
                entry.TargetType = address.Type;
                entry.TargetId = id;
                if (await PrincipalStore.IsDeletedAsync(tx, address.Type, address.RequiredId, reach))
                {
                    entry.ChangedNothing = true;
                    return false;
                }

                await HoldUsersAsync(tx, id, transferTo);
                var (row, roles) = await FindForChangeAsync(operation, address);
                await OwnershipTransfer.MoveAllAsync(operation, id, transferTo, caps);
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var onObjects = await ObjectRoleStore.EndAsync(tx, id, organizationId: null);
                await LastAdministrator.KeepAsync(
                    operation,
                    row,
                    roles,
                    () => LastOrganizationAdministrator.KeepAsync(tx, row.Id, () => PrincipalStore.DeleteAsync(tx, id, now))
                );
                var lost = address.IsUser ? AuditChanges.Lost(row.ToUser(roles)) : AuditChanges.Lost(row.ToApplication(catalog, roles));
                entry.Changes = onObjects.Count == 0 ? lost : [.. lost ?? [], .. onObjects];
                await EndSignInAsync(tx, address);
                if (address.IsUser)
                {
                    await SecondFactorStore.RemoveAsync(tx, id);
                    await PasskeyStore.RemoveAllAsync(tx, id);
                    await LinkedAccountStore.RemoveAllAsync(tx, id);
                    await RoleRequestStore.RemoveOfUserAsync(tx, id);
                }

                await AuditStore.EraseTargetAsync(tx, id);
                await CredentialStore.RevokeAllOfAsync(tx, id, now, reason ?? "owner deleted");
                return true;
            }
        );
    }

    private static async Task EndSignInAsync(WriteTransaction tx, PrincipalAddress address)
    {
        if (address.IsUser)
        {
            await SessionStore.EndAllAsync(tx, address.Id);
            await SignInLinks.EndAllAsync(tx, address.Id);
        }
    }

    private static Task HoldUsersAsync(WriteTransaction tx, string id, string? transferTo) =>
        transferTo is null ? Task.CompletedTask : OwnershipTransfer.HoldUsersAsync(tx, id, transferTo);

    /// <summary>Finds the principal and locks it.</summary>
    /// <exception cref="ProblemException">404, also where it is out of reach.</exception>
    internal static async Task<PrincipalRow> FindAsync(OperationContext operation, PrincipalAddress address) =>
        (await PrincipalStore.FindAsync(operation.Transaction, address.Type, address.RequiredId)).OrNotFound(operation.Reach);
}
