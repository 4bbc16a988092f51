using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Principals;

/// <summary>What users and applications have in common in their life: being found, paused and deleted.</summary>
public sealed class PrincipalOperations(Gate gate, CatalogCache catalogs, TimeProvider time)
{
    /// <summary>Finds a principal that the caller may change, with its roles, and makes it the audit entry's target.</summary>
    public static async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> FindForChangeAsync(
        WriteTransaction tx,
        AuditEntry entry,
        Reach reach,
        Catalog catalog,
        Caller caller,
        string type,
        string id
    )
    {
        var row = (await PrincipalStore.FindAsync(tx, type, RequireId(type, id))).OrNotFound(reach);
        entry.TargetType = type;
        entry.TargetId = id;
        var roles = await PrincipalStore.RolesAsync(tx, id);
        RoleAssignment.CheckMayTouch(catalog, caller, roles);
        return (row, roles);
    }

    /// <summary>The owner of a credential to be made: there, not deleted, in reach.</summary>
    public static async Task<PrincipalFacts> FindOwnerAsync(WriteTransaction tx, Reach reach, string type, string id) =>
        (await PrincipalStore.FindAsync(tx, type, RequireId(type, id))).OrNotFound(reach).ToFacts(await PrincipalStore.RolesAsync(tx, id));

    /// <summary>A disabled principal's credentials are refused with <c>owner_disabled</c> from the next check on.</summary>
    public async Task<(PrincipalRow Row, IReadOnlyList<string> Roles)> SetEnabledAsync(
        Caller caller,
        Demand demand,
        string type,
        string id,
        bool enabled
    )
    {
        var catalog = await catalogs.GetAsync();
        return await gate.WriteAsync(
            caller,
            demand,
            $"{type}.{(enabled ? "enabled" : "disabled")}",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                var (row, roles) = await FindForChangeAsync(tx, entry, reach, catalog, caller, type, id);
                entry.Changes = row.Enabled == 1 == enabled ? null : [AuditChanges.Of("enabled", !enabled, enabled)];
                await PrincipalStore.SetEnabledAsync(tx, id, enabled);
                return ((await PrincipalStore.FindAsync(tx, type, id))!, roles);
            }
        );
    }

    /// <summary>Deletes a principal and revokes all it owns. Once more changes nothing and is no error.</summary>
    public async Task DeleteAsync(Caller caller, Demand demand, string type, string id, string? reason)
    {
        var check = new Validation();
        check.Text("reason", reason, 200);
        check.ThrowIfAny();
        var catalog = await catalogs.GetAsync();
        await gate.WriteAsync(
            caller,
            demand,
            $"{type}.deleted",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                entry.Reason = reason;
                entry.TargetType = type;
                entry.TargetId = id;
                if (await PrincipalStore.IsDeletedAsync(tx, type, RequireId(type, id), reach))
                {
                    return false;
                }

                await FindForChangeAsync(tx, entry, reach, catalog, caller, type, id);
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                await PrincipalStore.DeleteAsync(tx, id, now);
                await AuditStore.EraseTargetAsync(tx, id);
                await CredentialStore.RevokeAllOfAsync(tx, id, now, reason ?? "owner deleted");
                return true;
            }
        );
    }

    internal static string RequireId(string type, string id) =>
        Protocol.Credentials.PublicId.IsWellFormed(id, type == PrincipalType.User ? "usr" : "app") ? id : throw ProblemException.NotFound();
}
