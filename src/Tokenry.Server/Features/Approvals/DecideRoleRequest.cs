using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Approvals;

/// <summary>
/// Approves or denies a request for a role. To approve is the operation that gives a role, with its checks and its event, and an event of the approval beside it.
/// </summary>
public sealed class DecideRoleRequest(Gate gate, ListApprovals list, FreshAuthentication fresh, TimeProvider time)
{
    /// <param name="caller">The caller.</param>
    /// <param name="id">The request.</param>
    /// <param name="message">For who asked.</param>
    /// <exception cref="ProblemException">
    /// 403: the caller may not give this role, or asked for it; 404: unknown; 409: decided before, or the role cannot be given as it was asked for.
    /// </exception>
    public async Task<Approval> ApproveAsync(Caller caller, string id, string? message)
    {
        var asked = await list.ShowAsync(caller, id);
        return asked.Role!.OrganizationId is { } organization
            ? await gate.WriteAsync(
                caller,
                ApprovalRights.GiveInOrganization,
                "organization.member_added",
                operation => GiveInOrganizationAsync(operation, organization, asked, message)
            )
            : await gate.WriteAsync(
                caller,
                ApprovalRights.GiveOnServer,
                "user.updated",
                operation => GiveOnServerAsync(operation, asked, message)
            );
    }

    /// <inheritdoc cref="ApproveAsync"/>
    /// <exception cref="ProblemException">403: the caller may not give roles there, or asked for it; 404: unknown; 409: decided before.</exception>
    public async Task<Approval> DenyAsync(Caller caller, string id, string? message)
    {
        var asked = await list.ShowAsync(caller, id);
        return await gate.WriteAsync(
            caller,
            asked.Role!.OrganizationId is null ? ApprovalRights.GiveOnServer : ApprovalRights.GiveInOrganization,
            $"{RoleRequestStore.Noun}.denied",
            async operation =>
            {
                await JudgeAsync(operation, asked);
                return await DecideAsync(operation, operation.Entry, asked, ApprovalState.Denied, message);
            }
        );
    }

    private async Task<Approval> GiveOnServerAsync(OperationContext operation, Approval asked, string? message)
    {
        var user = PrincipalAddress.User(asked.RequestedBy!);
        await PrincipalOperations.FindAsync(operation, user);
        await JudgeAsync(operation, asked);
        RequireRole(operation, asked.Role!);
        var (row, held) = await PrincipalOperations.FindForChangeAsync(operation, user);
        var given = await UserRoles.ReplaceAsync(operation, row, held, [.. held, asked.Role!.Id]);
        operation.Entry.Changes = AuditChanges.Between(row.ToUser(held), row.ToUser(given));
        operation.Entry.ChangedNothing = operation.Entry.Changes is null;
        return await ApprovedAsync(operation, asked, message);
    }

    private async Task<Approval> GiveInOrganizationAsync(OperationContext operation, string organization, Approval asked, string? message)
    {
        var row = await OrganizationOperations.FindForChangeAsync(operation, organization);
        // The user before the request: the deletion of a user locks them in this order.
        await PrincipalStore.FindAsync(operation.Transaction, PrincipalType.User, asked.RequestedBy!);
        await JudgeAsync(operation, asked);
        RequireRole(operation, asked.Role!);
        if (row.Enabled == 0)
        {
            throw Outdated($"The organization {organization} is disabled. Enable it first, or deny the request.");
        }

        await MemberRoles.ChangeAsync(
            operation,
            organization,
            asked.RequestedBy!,
            held =>
                held.Count > 0
                    ? [.. held, asked.Role!.Id]
                    : throw Outdated("Who asked is no member of the organization any more. Deny the request, or make them a member first.")
        );
        return await ApprovedAsync(operation, asked, message);
    }

    /// <summary>Refuses who may not decide and what is decided, after the locks: of two who decide, the second learns by whom it was.</summary>
    private async Task JudgeAsync(OperationContext operation, Approval asked)
    {
        var (tx, entry, caller, _, _) = operation;
        fresh.Require(caller);
        (entry.TargetType, entry.TargetId, entry.OrganizationId) = (RoleRequestStore.Noun, asked.Id, asked.Role!.OrganizationId);
        var row = await RoleRequestStore.HoldAsync(tx, asked.Id) ?? throw ProblemException.NotFound();
        if (row.State != ApprovalState.Pending)
        {
            throw Decided(row);
        }

        if (OwnerLine.Includes(row.UserId, caller.Principal.Id, caller.Principal.OwnerId, caller.Principal.OwnerOwnerId))
        {
            throw new ProblemException(
                403,
                ProblemCode.ApprovalNotYours,
                "It is your own request, which another person decides. You can withdraw it under /v1/me/role-requests."
            );
        }
    }

    /// <summary>The approver read a name, and gives that role: not one that has another name by now.</summary>
    private static void RequireRole(OperationContext operation, RequestedRole asked)
    {
        if (operation.Catalog.Role(asked.Id) is not { } role)
        {
            throw Outdated($"The role {asked.Name} was deleted. Deny the request.");
        }

        if (role.Name != asked.Name)
        {
            throw Outdated(
                $"The role that was {asked.Name} when the user asked for it is {role.Name} now. Deny the request; the user can ask again."
            );
        }
    }

    private async Task<Approval> ApprovedAsync(OperationContext operation, Approval asked, string? message)
    {
        var approved = operation.Entry.With($"{RoleRequestStore.Noun}.approved");
        approved.OrganizationId = asked.Role!.OrganizationId;
        var answer = await DecideAsync(operation, approved, asked, ApprovalState.Approved, message);
        operation.Transaction.Record(approved);
        return answer;
    }

    private async Task<Approval> DecideAsync(OperationContext operation, AuditEntry entry, Approval asked, string state, string? message)
    {
        var (tx, _, caller, _, _) = operation;
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        await RoleRequestStore.DecideAsync(tx, asked.Id, new(state, caller.Principal.Id, message, at));
        (entry.TargetType, entry.TargetId, entry.Reason) = (RoleRequestStore.Noun, asked.Id, message);
        entry.Changes = [AuditChanges.Of("state", ApprovalState.Pending, state)];
        return (await RoleRequestStore.FindAsync(tx, asked.Id))!.ToApproval();
    }

    private static ProblemException Decided(RoleRequestRow row) =>
        new(
            409,
            ProblemCode.ApprovalDecided,
            row.State == ApprovalState.Withdrawn
                ? "Who asked for the role withdrew the request. There is nothing to decide."
                : $"{row.DecidedBy} decided before. The request is {row.State}."
        );

    private static ProblemException Outdated(string detail) => new(409, ProblemCode.RoleRequestOutdated, detail);
}
