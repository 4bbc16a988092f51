using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>The page of a member of an organization, and what its forms do.</summary>
internal sealed class MemberView(
    ListOrganizations organizations,
    ListMembers members,
    ListCredentials credentials,
    GrantableRoles roles,
    ReplaceMemberRoles replace,
    RemoveMember remove,
    FreshAuthentication fresh
)
{
    /// <param name="caller">The caller.</param>
    /// <param name="organizationId">The organization.</param>
    /// <param name="id">The member.</param>
    /// <param name="refusal">Why a change was refused; <c>null</c> = none was.</param>
    public async Task<IResult> PageAsync(Caller caller, string organizationId, string id, ProblemException? refusal = null)
    {
        var organization = await organizations.ShowAsync(caller, organizationId);
        var member = await members.ShowAsync(caller, organizationId, id);
        return new View<MemberPage>(member.Name)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail =
            [
                .. caller.OrganizationId is null ? [OrganizationPages.List] : Array.Empty<Crumb>(),
                new(organization.Name, $"{OrganizationPages.List.Address}/{organizationId}"),
            ],
            ["Organization"] = organization,
            ["Member"] = member,
            ["Roles"] = await roles.ListAsync(caller, member.Roles, inOrganization: true),
            ["Credentials"] =
                caller.OrganizationId is null && !caller.Management.Contains(ManagementApi.CredentialsRead)
                    ? null
                    : await credentials.RunAsync(
                        caller,
                        CredentialFamily.All,
                        ownerId: null,
                        Listing.Of(("owner", id), ("organization", organizationId), ("state", "active"))
                    ),
            ["Refusal"] = refusal,
        };
    }

    public Task<IResult> ReplaceAsync(Caller caller, string organizationId, string id, PageForm form) =>
        PageChange.RunAsync(
            Address(organizationId, id),
            () =>
            {
                fresh.Require(caller);
                return replace.RunAsync(caller, organizationId, id, new OrganizationRolesRequest { Roles = form.All("role") });
            },
            refusal => PageAsync(caller, organizationId, id, refusal)
        );

    public async Task<IResult> RemoveAsync(Caller caller, string organizationId, string id)
    {
        var done = false;
        var answer = await PageChange.RunAsync(
            Address(organizationId, id),
            async () =>
            {
                fresh.Require(caller);
                await remove.RunAsync(caller, organizationId, id);
                done = true;
            },
            refusal => PageAsync(caller, organizationId, id, refusal)
        );
        return done ? new Redirect($"{OrganizationPages.List.Address}/{organizationId}") : answer;
    }

    private static string Address(string organizationId, string id) => $"{OrganizationPages.List.Address}/{organizationId}/members/{id}";
}
