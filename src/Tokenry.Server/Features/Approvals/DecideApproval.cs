using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Approvals;

/// <summary>
/// Approves or denies. What is approved is judged at its commit as if it were made then: the rights of its owner, of the approver and of who asked for it, and the
/// policies. To deny needs none of that, so that what can no longer be approved can still be ended. A request for a role is decided by
/// <see cref="DecideRoleRequest"/>.
/// </summary>
public sealed class DecideApproval(Gate gate, DecideRoleRequest roles, FreshAuthentication fresh, Brands brands, TimeProvider time)
{
    private const int LongestMessage = 150;

    /// <param name="caller">The caller.</param>
    /// <param name="id">The approval.</param>
    /// <param name="message">For who asked.</param>
    /// <exception cref="ProblemException">
    /// 403: it is the caller's own request, the server's demand, or exceeds what the caller or its owner may do; 404: unknown; 409: decided before, or who asked
    /// could not make it any more; 422: it breaks a policy.
    /// </exception>
    public Task<Approval> ApproveAsync(Caller caller, string id, string? message)
    {
        var said = Message(message);
        if (PublicId.IsWellFormed(id, RoleRequestRow.IdPrefix))
        {
            return roles.ApproveAsync(caller, id, said);
        }

        return gate.WriteAsync(
            caller,
            ApprovalsApi.Write,
            "approval.approved",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                var row = await FindAsync(operation, id);
                entry.Reason = said;
                var now = time.GetUtcNow();
                tx.StandsOn(new Premise(caller.JudgedAt.Position, [row.OwnerId, row.CreatedBy ?? row.OwnerId]));
                MintingRule.CheckApproved(catalog, caller, reach, await IssueCredential.MintedAsync(tx, row));
                await RequireRequesterAsync(operation, row);
                var policies = await PolicyCheck.RequireAsync(operation, row, BindingRules.All, now);
                await DecideAsync(operation, row, new(ApprovalState.Approved, caller.Principal.Id, said, now.ToUnixTimeMilliseconds()));
                if (policies.TokenLimits.Any())
                {
                    await CredentialCounts.HoldAsync(tx, row.OwnerId);
                    await PolicyCheck.RequireRoomAsync(tx, policies, row, now);
                }

                return await ResultAsync(operation, row, now);
            }
        );
    }

    /// <inheritdoc cref="ApproveAsync"/>
    /// <exception cref="ProblemException">403: it is the caller's own request, or the server's demand; 404: unknown; 409: decided before.</exception>
    public Task<Approval> DenyAsync(Caller caller, string id, string? message)
    {
        var said = Message(message);
        if (PublicId.IsWellFormed(id, RoleRequestRow.IdPrefix))
        {
            return roles.DenyAsync(caller, id, said);
        }

        return gate.WriteAsync(
            caller,
            ApprovalsApi.Write,
            "approval.denied",
            async operation =>
            {
                var (tx, entry, caller, _, _) = operation;
                var row = await FindAsync(operation, id);
                entry.Reason = said;
                var now = time.GetUtcNow();
                var at = now.ToUnixTimeMilliseconds();
                await DecideAsync(operation, row, new(ApprovalState.Denied, caller.Principal.Id, said, at));
                var reason = said is null ? "approval denied" : $"approval denied: {said}";
                var revoked = await CredentialStore.RevokeAsync(tx, row.Id, at, reason);
                EndCredential.Record(tx, entry, revoked, reason);
                await CredentialCounts.RemoveAsync(tx, revoked);
                return await ResultAsync(operation, row, now);
            }
        );
    }

    private string? Message(string? message)
    {
        var check = new Validation();
        check.Text("message", message, LongestMessage);
        check.ThrowIfAny();
        return string.IsNullOrWhiteSpace(message) ? null : brands.Redact(message.Trim());
    }

    private async Task<CredentialRow> FindAsync(OperationContext operation, string id)
    {
        var (tx, entry, caller, reach, _) = operation;
        fresh.Require(caller);
        var row = PublicId.IsWellFormed(id, ApprovalStore.IdPrefix) ? await ApprovalStore.FindAsync(tx, id) : null;
        if (row is null || !reach.Includes((row.OwnerId, row.OwnerOwnerId, row.TopOwnerId), row.OrganizationId))
        {
            throw ProblemException.NotFound();
        }

        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        if (row.ApprovalAt(time.GetUtcNow().ToUnixTimeMilliseconds())!.State is not ApprovalState.Pending and var state)
        {
            throw Decided(state);
        }

        if (!ApprovalDemand.MayDecide(caller, row.DemandedBy!))
        {
            throw NotYours(
                row.DemandedBy == PolicyStore.Server
                    ? "The policy of the server demands this approval, so an administrator of the server decides."
                    : $"The policy of the organization {row.DemandedBy} demands this approval, so an administrator of it or of the server decides."
            );
        }

        if (
            caller.Principal.Id == row.CreatedBy
            || OwnerLine.Includes(row.CreatedBy ?? "", caller.Principal.Id, caller.Principal.OwnerId, caller.Principal.OwnerOwnerId)
        )
        {
            throw NotYours(
                "It is your own request, which another person decides. To withdraw it, revoke the credential. With the right to approve, you can make another."
            );
        }

        // A session is the person. Any other credential may be in the hands of who asked: one that they made or saw for an application, for example.
        if (
            caller.Credential is not AuthenticatedSession
            && row.CreatedBy is { } requester
            && (await HeldPrincipals.OfAsync(tx, requester)).Contains(caller.Principal.Id)
        )
        {
            throw NotYours(
                $"Who asked for it knows, or made, a credential of {caller.Principal.Id}, so that it could be their own decision. Another person who is signed in decides."
            );
        }

        return row;
    }

    /// <summary>
    /// Who asked knows the secret. If they could not make the credential any more (they left, or lost the application), the secret would be in the wrong hands.
    /// </summary>
    private static async Task RequireRequesterAsync(OperationContext operation, CredentialRow row)
    {
        var (tx, _, _, _, catalog) = operation;
        if (row.CreatedBy is null || await PrincipalStore.OwnFactsAsync(tx, row.CreatedBy) is not { Active: true })
        {
            throw Gone();
        }

        var demand = CredentialFamily.Of(row.Kind).WriteOnlyThese;
        var everywhere = Rights.Of(catalog, await PrincipalStore.FactsAsync(tx, row.CreatedBy), ManagementApi.Resource);
        var there = row.OrganizationId is null
            ? everywhere
            : Rights.Of(catalog, await PrincipalStore.FactsAsync(tx, row.CreatedBy, row.OrganizationId), ManagementApi.Resource);
        var isTheirs = OwnerLine.Includes(row.CreatedBy, row.OwnerId, row.OwnerOwnerId, row.TopOwnerId);
        var isApplication = row.OwnerType == PrincipalType.Application;
        if (
            !everywhere.Contains(demand.Scope)
            && !(demand.NarrowScope is { } narrow && everywhere.Contains(narrow))
            && !(isTheirs && there.Contains(demand.OwnScope!))
            && !(isApplication && row.OrganizationId is not null && there.Contains(demand.OrganizationScope!))
        )
        {
            throw Gone();
        }
    }

    private static ProblemException NotYours(string why) => new(403, ProblemCode.ApprovalNotYours, why);

    private static ProblemException Gone() =>
        new(
            409,
            ProblemCode.RequesterWithoutRight,
            "Who asked for the credential, and knows its secret, can no longer make it. Deny the approval. A person who may make such a credential can make another."
        );

    private static async Task DecideAsync(OperationContext operation, CredentialRow row, Decision decision)
    {
        if (!await ApprovalStore.DecideAsync(operation.Transaction, row, decision))
        {
            throw Decided("decided");
        }

        operation.Entry.Changes = [AuditChanges.Of("state", ApprovalState.Pending, decision.State)];
    }

    private static async Task<Approval> ResultAsync(OperationContext operation, CredentialRow row, DateTimeOffset now) =>
        (await ApprovalStore.FindAsync(operation.Transaction, row.ApprovalId!))!.ToApproval(
            operation.Catalog,
            now.ToUnixTimeMilliseconds()
        );

    private static ProblemException Decided(string state) =>
        new(
            409,
            ProblemCode.ApprovalDecided,
            state switch
            {
                ApprovalState.Withdrawn => "The credential was revoked before a decision. There is nothing to decide.",
                ApprovalState.Expired => "The credential expired before a decision. Its requester can make another.",
                _ => $"Another person decided before. The approval is {state}.",
            }
        );
}
