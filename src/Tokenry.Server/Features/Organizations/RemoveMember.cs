using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Ends a membership. The member's rights in the organization end at the next check. Nothing changes for a principal that is no member.</summary>
public sealed class RemoveMember(Gate gate)
{
    public Task<MembershipChange> RunAsync(Caller caller, string id, string memberId) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.member_removed",
            async operation =>
            {
                var change = await MemberRoles.ChangeAsync(operation, id, memberId, _ => []);
                operation.Entry.ChangedNothing |= change is null;
                return change ?? new MembershipChange(memberId, [], []);
            }
        );
}
