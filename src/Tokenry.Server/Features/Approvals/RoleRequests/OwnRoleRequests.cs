using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Approvals.RoleRequests;

/// <summary>The requests of a user for roles; for a credential that acts in an organization, those there.</summary>
public sealed class OwnRoleRequests(Gate gate, TimeProvider time)
{
    /// <summary>Lists them, the newest first.</summary>
    public Task<Page<Approval>> ListAsync(Caller caller, Listing listing) =>
        gate.ReadAsync(
            caller,
            RoleOffer.Own,
            "role_requests.listed",
            async read =>
            {
                var rows = await RoleRequestStore.OfUserAsync(
                    read.Connection,
                    read.Caller.Principal.Id,
                    read.Caller.OrganizationId,
                    listing.IdCursor(RoleRequestRow.IdPrefix),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToApproval(), row => row.Id);
            }
        );

    /// <exception cref="ProblemException">404: the caller has no such request.</exception>
    public Task<Approval> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            RoleOffer.Own,
            $"{RoleRequestStore.Noun}.read",
            async read =>
                OwnOrNotFound(read.Caller, IsWellFormed(id) ? await RoleRequestStore.FindAsync(read.Connection, id) : null).ToApproval()
        );

    /// <summary>Takes a request back. A repeated call changes nothing and is not an error.</summary>
    /// <exception cref="ProblemException">404: the caller has no such request; 409: it is decided.</exception>
    public Task WithdrawAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            RoleOffer.Own,
            $"{RoleRequestStore.Noun}.withdrawn",
            async operation =>
            {
                var (tx, entry, now, _, _) = operation;
                var row = OwnOrNotFound(now, IsWellFormed(id) ? await RoleRequestStore.HoldAsync(tx, id) : null);
                (entry.TargetType, entry.TargetId, entry.OrganizationId) = (RoleRequestStore.Noun, row.Id, row.OrganizationId);
                if (row.State is not (ApprovalState.Pending or ApprovalState.Withdrawn))
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.ApprovalDecided,
                        $"The request is {row.State}. There is nothing to withdraw."
                    );
                }

                var at = time.GetUtcNow().ToUnixTimeMilliseconds();
                entry.ChangedNothing = !await RoleRequestStore.DecideAsync(
                    tx,
                    row.Id,
                    new(ApprovalState.Withdrawn, now.Principal.Id, null, at)
                );
                entry.Changes = [AuditChanges.Of("state", row.State, ApprovalState.Withdrawn)];
                return true;
            }
        );

    private static bool IsWellFormed(string id) => PublicId.IsWellFormed(id, RoleRequestRow.IdPrefix);

    private static RoleRequestRow OwnOrNotFound(Caller caller, RoleRequestRow? row) =>
        row?.UserId == caller.Principal.Id && (caller.OrganizationId is null || caller.OrganizationId == row.OrganizationId)
            ? row
            : throw ProblemException.NotFound();
}
