using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Sets the roles of a member of an organization; makes it a member if it is none.</summary>
public sealed class ReplaceMemberRoles(Gate gate)
{
    public Task<MembershipChange> RunAsync(Caller caller, string id, string memberId, OrganizationRolesRequest request) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.member_roles_replaced",
            async operation =>
            {
                var check = new Validation();
                check.Require(
                    request.Roles.Count > 0,
                    "roles",
                    new FieldFault("needs_role", "needs at least one role; DELETE ends the membership")
                );
                check.ThrowIfAny();
                return await MemberRoles.ChangeAsync(operation, id, memberId, _ => request.Roles) ?? throw ProblemException.NotFound();
            }
        );
}
