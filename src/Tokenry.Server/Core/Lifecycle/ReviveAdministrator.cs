using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Restores access when no administrator is left. Operators who may run commands on the host use it; the audit records their name there. It enables the first
/// administrator and gives the role back, or makes a new one if the first was deleted.
/// </summary>
public sealed class ReviveAdministrator(SystemGate gate, Database database, TokenryOptions options, TimeProvider time)
{
    /// <returns>The action taken, for people; <c>null</c> if there was nothing to repair.</returns>
    public async Task<string?> RunAsync(Catalog catalog, OperatingSystemUser user)
    {
        var known = await PrincipalStore.FindBootstrapAsync(database);
        return await database.WriteAsync(async tx =>
        {
            var row = known is null ? null : await PrincipalStore.FindAsync(tx, PrincipalType.User, known);
            if (row is not null && MayAll(catalog, await PrincipalStore.FactsAsync(tx, row)))
            {
                return null;
            }

            var entry = gate.Entry("administrator.revived");
            entry.TargetType = PrincipalType.User;
            entry.TargetId = row?.Id ?? await MakeAsync(tx);
            var before = row?.ToUser(await PrincipalStore.RolesAsync(tx, row.Id));
            if (row is not null)
            {
                await WakeAsync(tx, row.Id);
            }

            var after = (await PrincipalStore.FindAsync(tx, PrincipalType.User, entry.TargetId))!.ToUser(
                await PrincipalStore.RolesAsync(tx, entry.TargetId)
            );
            entry.Changes = before is null ? AuditChanges.Made(after) : AuditChanges.Between(before, after);
            var done = row is null ? "made" : "enabled and given the role administrator";
            entry.Reason = $"{done} by the operating-system user {user}";
            tx.Record(entry);
            return $"{entry.TargetId} was {done}; the audit says that {user} did it.";
        });
    }

    /// <summary>Whether an administrator has every right of an administrator.</summary>
    public static bool MayAll(Catalog catalog, PrincipalFacts administrator) =>
        Rights.Of(catalog, administrator, ManagementApi.Resource).IsSupersetOf(ManagementApi.OfServer);

    private static async Task WakeAsync(WriteTransaction tx, string id)
    {
        await PrincipalStore.SetEnabledAsync(tx, id, enabled: true);
        var roles = await PrincipalStore.RolesAsync(tx, id);
        await PrincipalStore.SetRolesAsync(tx, id, [.. roles.Append(ManagementApi.Administrator.Id).Distinct(StringComparer.Ordinal)]);
    }

    private async Task<string> MakeAsync(WriteTransaction tx)
    {
        var now = time.GetUtcNow();
        var id = PublicId.Create("usr", PublicId.NewUuid7(now));
        var isTaken =
            await tx.FirstOrDefaultAsync<string>(
                "SELECT id FROM principals WHERE email = @Email",
                new { Email = options.Bootstrap.AdminEmail }
            )
            is not null;
        await PrincipalStore.InsertAsync(
            tx,
            new PrincipalRow
            {
                Id = id,
                Type = PrincipalType.User,
                Name = "Administrator",
                Email = isTaken ? $"{id.ToLowerInvariant()}@localhost" : options.Bootstrap.AdminEmail,
                CreatedAt = now.ToUnixTimeMilliseconds(),
            },
            passwordHash: null,
            [ManagementApi.Administrator.Id]
        );
        await tx.ExecuteAsync(
            "INSERT INTO store_properties (name, value) VALUES (@BootstrapProperty, @id) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            new { PrincipalStore.BootstrapProperty, id }
        );
        return id;
    }
}
