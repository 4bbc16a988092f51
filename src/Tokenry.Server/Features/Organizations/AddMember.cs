using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>Makes a user or application a member of an organization, or gives a member more roles there.</summary>
public sealed class AddMember(Gate gate)
{
    public Task<MembershipChange> RunAsync(Caller caller, string id, OrganizationMemberRequest request) =>
        gate.WriteAsync(
            caller,
            OrganizationOperations.Write,
            "organization.member_added",
            async operation =>
            {
                var check = new Validation();
                check.Require(
                    request.Roles is not { Count: 0 },
                    "roles",
                    new FieldFault("needs_role", "needs at least one role; leave it out for organization_member")
                );
                check.ThrowIfAny();
                return await MemberRoles.ChangeAsync(
                        operation,
                        id,
                        request.Member,
                        held => [.. held.Concat(request.Roles ?? (held.Count > 0 ? [] : [ManagementApi.OrganizationMember.Id]))]
                    )
                    ?? throw ProblemException.Invalid(
                        "member",
                        new FieldFault(
                            "not_member",
                            "is not the id of a user or application that can be a member, and not the e-mail address of such a user"
                        )
                    );
            }
        );
}
