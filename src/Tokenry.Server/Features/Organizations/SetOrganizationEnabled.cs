using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations;

/// <summary>
/// Disables and enables an organization. From the next check on, credentials that act in a disabled one answer <c>owner_disabled</c>. An administrator of the
/// organization cannot do this: a disabled organization has no caller left that could enable it.
/// </summary>
public sealed class SetOrganizationEnabled(Gate gate)
{
    public Task<Organization> RunAsync(Caller caller, string id, bool enabled) =>
        gate.WriteAsync(
            caller,
            new Demand(ManagementApi.OrganizationsWrite),
            $"organization.{(enabled ? "enabled" : "disabled")}",
            async operation =>
            {
                var row = await OrganizationOperations.FindForChangeAsync(operation, id);
                if (row.Enabled == 1 == enabled)
                {
                    operation.Entry.ChangedNothing = true;
                    return row.ToOrganization();
                }

                if (enabled)
                {
                    await new InHands(operation).CheckAsync(Gift.OfOpening(operation.Catalog, id));
                }

                operation.Entry.Changes = [AuditChanges.Of("enabled", !enabled, enabled)];
                await OrganizationStore.SetEnabledAsync(operation.Transaction, id, enabled);
                return row.ToOrganization() with { Enabled = enabled };
            }
        );
}
