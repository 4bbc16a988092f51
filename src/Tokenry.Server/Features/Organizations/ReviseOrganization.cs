using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations;

/// <summary>PATCH of an organization: its name.</summary>
public sealed class ReviseOrganization(Gate gate)
{
    public Task<Organization> RunAsync(Caller caller, string id, OrganizationPatch patch) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.updated",
            async operation =>
            {
                var row = await OrganizationOperations.FindForChangeAsync(operation, id);
                var check = new Validation();
                var name = check.Name("name", patch.Name.Or(row.Name));
                check.ThrowIfAny();
                await OrganizationStore.SetNameAsync(operation.Transaction, id, name);
                var revised = row.ToOrganization() with { Name = name };
                operation.Entry.Changes = AuditChanges.Between(row.ToOrganization(), revised);
                operation.Entry.ChangedNothing = operation.Entry.Changes is null;
                return revised;
            }
        );
}
