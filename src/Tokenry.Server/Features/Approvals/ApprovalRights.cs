using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;

namespace Tokenry.Server.Features.Approvals;

/// <summary>
/// Who sees what in the queue, and who gives a role. A role is given by those who may give it without a request: approvals need no right of their own for it
/// (docs/decisions/0107-requests-for-roles.md).
/// </summary>
internal static class ApprovalRights
{
    /// <summary>What giving a role on the whole server needs (<c>PATCH /v1/users/{id}</c>).</summary>
    public static readonly Demand GiveOnServer = new(ManagementApi.UsersWrite);

    /// <summary>What giving a role in an organization needs (<c>POST /v1/organizations/{id}/members</c>).</summary>
    public static readonly Demand GiveInOrganization = new(ManagementApi.OrganizationsWrite)
    {
        OrganizationScope = ManagementApi.OrganizationWrite,
    };

    /// <summary>Who gives roles sees the requests for them; the others need a scope of approvals.</summary>
    public static Demand Read(Caller caller) =>
        new(ManagementApi.ApprovalsRead)
        {
            NarrowScope = MayGive(caller, organizationId: null) ? ManagementApi.UsersWrite : ManagementApi.OrganizationsWrite,
            OrganizationScope =
                MayGive(caller, caller.OrganizationId) && !SeesCredentials(caller)
                    ? ManagementApi.OrganizationWrite
                    : ManagementApi.OrganizationApprovals,
        };

    /// <summary>Whether the caller sees the approvals of credentials, as far as it reaches.</summary>
    public static bool SeesCredentials(Caller caller) =>
        caller.Management.Contains(caller.OrganizationId is null ? ManagementApi.ApprovalsRead : ManagementApi.OrganizationApprovals);

    /// <summary>The places whose requests for roles the caller sees.</summary>
    public static RolePlaces SeesRoles(Caller caller)
    {
        if (caller.OrganizationId is { } there)
        {
            return SeesCredentials(caller) || MayGive(caller, there) ? RolePlaces.Organizations : RolePlaces.None;
        }

        return SeesCredentials(caller)
            ? RolePlaces.Server | RolePlaces.Organizations
            : (caller.Management.Contains(GiveOnServer.Scope) ? RolePlaces.Server : RolePlaces.None)
                | (caller.Management.Contains(GiveInOrganization.Scope) ? RolePlaces.Organizations : RolePlaces.None);
    }

    /// <summary>Whether the caller sees requests for roles there.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="organizationId">The organization; <c>null</c> = the whole server.</param>
    public static bool SeesRoles(Caller caller, string? organizationId) =>
        (caller.OrganizationId is null || caller.OrganizationId == organizationId)
        && SeesRoles(caller).HasFlag(organizationId is null ? RolePlaces.Server : RolePlaces.Organizations);

    /// <summary>Whether the caller has the scope to give roles there. What is in the role counts too (<see cref="RoleAssignment"/>).</summary>
    /// <inheritdoc cref="SeesRoles(Caller, string?)"/>
    public static bool MayGive(Caller caller, string? organizationId) =>
        caller.OrganizationId is { } there
            ? organizationId == there && caller.Management.Contains(ManagementApi.OrganizationWrite)
            : caller.Management.Contains(organizationId is null ? ManagementApi.UsersWrite : ManagementApi.OrganizationsWrite);
}
