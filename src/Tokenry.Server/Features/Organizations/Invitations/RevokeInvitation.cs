using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>Takes an invitation back. Nothing changes for one that does not work any more, except that an accepted one cannot be taken back.</summary>
public sealed class RevokeInvitation(Gate gate, TimeProvider time)
{
    public Task RunAsync(Caller caller, string organizationId, string id) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.invitation_revoked",
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                await OrganizationOperations.FindForChangeAsync(operation, organizationId);
                var row = PublicId.IsWellFormed(id, "inv") ? await InvitationStore.FindAsync(tx, organizationId, id) : null;
                if (row is null)
                {
                    throw ProblemException.NotFound();
                }

                if (row.AcceptedBy is { } member)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.InvitationEnded,
                        $"{member} accepted the invitation. Remove the member to end the membership."
                    );
                }

                entry.TargetType = InvitationsApi.Noun;
                entry.TargetId = id;
                entry.Changes = [AuditChanges.Of("state", InvitationState.Pending, InvitationState.Revoked)];
                entry.ChangedNothing = !await InvitationStore.EndAsync(
                    tx,
                    id,
                    InvitationState.Revoked,
                    time.GetUtcNow().ToUnixTimeMilliseconds()
                );
                return true;
            }
        );
}
