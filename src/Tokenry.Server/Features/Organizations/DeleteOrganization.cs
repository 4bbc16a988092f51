using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Features.Organizations.Invitations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Deletes an empty organization. A repeated call changes nothing and is not an error.</summary>
public sealed class DeleteOrganization(Gate gate)
{
    public Task RunAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            new Demand(ManagementApi.OrganizationsWrite),
            "organization.deleted",
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                if (PublicId.IsWellFormed(id, "org") && await Tombstones.IsBuriedAsync(tx, id))
                {
                    entry.ChangedNothing = true;
                    return false;
                }

                var row = await OrganizationOperations.FindForChangeAsync(operation, id);
                if (await OrganizationStore.ContentAsync(tx, id) is { IsEmpty: false } content)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InUse,
                        $"The organization has {content.Members} members, {content.Applications} applications and {content.Credentials} other credentials that "
                            + "are not revoked. Remove the members, delete or transfer the applications, and revoke the credentials first. The last administrator "
                            + "can be removed once the organization is disabled."
                    );
                }

                await PolicyStore.DeleteAsync(tx, id);
                await InvitationStore.DeleteAllAsync(tx, id);
                await RoleRequestStore.RemoveOfOrganizationAsync(tx, id);
                await OrganizationStore.DeleteAsync(tx, id);
                entry.Changes = [AuditChanges.Of("name", row.Name, null)];
                return true;
            }
        );
}
