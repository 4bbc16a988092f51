using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Applications;

/// <summary>PATCH of an application: name, roles, permissions, rate limits and OAuth client settings.</summary>
public sealed class ReviseApplication(Gate gate)
{
    public async Task<Application> RunAsync(Caller caller, string id, ApplicationPatch patch)
    {
        return await gate.WriteAsync(
            caller,
            ApplicationsApi.Write,
            "application.updated",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                // Locks API resources before principals, in the same order as the deletion of an API resource.
                await ClientRules.HoldAudiencesAsync(tx, catalog, patch.TokenExchangeAudiences.Or(null));
                var (row, roles) = await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.Application(id));
                var was = row.ToApplication(catalog, roles);
                var check = new Validation();
                var name = check.Name("name", patch.Name.Or(row.Name));
                var limits = patch.RateLimits.Or(null);
                UseLimit.Check(check, "rate_limits", limits);
                var before = ClientSettings.Read(row.Client);
                var client = ClientRules.Revised(before, patch);
                ClientRules.Check(check, catalog, client);
                check.ThrowIfAny();
                ClientRules.RefuseForeignAudiences(catalog, caller, reach, before, client);
                var hands = new InHands(operation);
                await hands.CheckAsync(ClientRules.MoreAudiences(id, before, client));
                CreateApplication.RefuseOwnLimits(reach, patch.RateLimits.IsPresent);
                await PrincipalStore.SetNameAndEmailAsync(tx, id, name, email: null);
                if (patch.RateLimits.IsPresent)
                {
                    await hands.CheckLimitsAsync((await PrincipalStore.OwnFactsAsync(tx, id))!, UseLimit.Of(limits));
                    await PrincipalStore.SetRateLimitsAsync(tx, id, JsonColumn.Write(limits));
                }

                if (client != before)
                {
                    await PrincipalStore.SetClientAsync(tx, id, client);
                }

                if (patch.Roles.IsPresent || patch.Permissions.IsPresent)
                {
                    roles = await GiveAsync(operation, hands, row, roles, patch);
                }

                var revised = (await PrincipalStore.FindAsync(tx, PrincipalType.Application, id))!.ToApplication(catalog, roles);
                entry.Changes = AuditChanges.Between(was, revised);
                return revised;
            }
        );
    }

    /// <returns>The roles of the application after the change.</returns>
    private static async Task<IReadOnlyList<string>> GiveAsync(
        OperationContext operation,
        InHands hands,
        PrincipalRow row,
        IReadOnlyList<string> before,
        ApplicationPatch patch
    )
    {
        var (tx, _, _, _, catalog) = operation;
        var roles = patch.Roles.IsPresent ? RoleAssignment.Check(operation, patch.Roles.Or(null)) : before;
        var beside = GrantSet.OfNullable(row.Permissions);
        var permissions = patch.Permissions.IsPresent ? RoleAssignment.CheckPermissions(operation, patch.Permissions.Or(null)) : beside;
        await hands.CheckAsync(Gift.ToOne(row.Id, Given(before, beside), Given(roles, permissions)));
        if (patch.Roles.IsPresent)
        {
            await PrincipalStore.SetRolesAsync(tx, row.Id, roles);
        }

        if (patch.Permissions.IsPresent)
        {
            await PrincipalStore.SetPermissionsAsync(tx, row.Id, permissions?.ToColumn());
        }

        return roles;

        PermissionSet Given(IReadOnlyList<string> ofRoles, GrantSet? own) =>
            Rights.OfGrants(catalog, [.. ofRoles.Select(id => catalog.Role(id)?.Permissions), own]);
    }
}
