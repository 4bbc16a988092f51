using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Creates an organization. It has no members at first.</summary>
public sealed class CreateOrganization(IdempotentGate gate, TimeProvider time)
{
    public Task<Organization> RunAsync(Caller caller, OrganizationRequest request) =>
        gate.WriteAsync(
            caller,
            new Demand(ManagementApi.OrganizationsWrite),
            "organization.created",
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                var check = new Validation();
                var name = check.Name("name", request.Name);
                check.ThrowIfAny();
                var now = time.GetUtcNow();
                var row = new OrganizationRow
                {
                    Id = PublicId.Create("org", PublicId.NewUuid7(now)),
                    Name = name,
                    Enabled = 1,
                    CreatedAt = now.ToUnixTimeMilliseconds(),
                };
                entry.TargetType = OrganizationOperations.Noun;
                entry.TargetId = row.Id;
                entry.OrganizationId = row.Id;
                await OrganizationStore.InsertAsync(tx, row);
                entry.Changes = [AuditChanges.Of("name", null, name)];
                return row.ToOrganization();
            }
        );
}
