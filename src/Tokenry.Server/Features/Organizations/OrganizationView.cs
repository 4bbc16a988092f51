using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Features.Organizations.Invitations;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations;

/// <summary>The page of an organization, and what its forms do.</summary>
internal sealed class OrganizationView(
    ListOrganizations organizations,
    ListMembers members,
    ListInvitations invitations,
    ListCredentials credentials,
    GrantableRoles roles,
    OwnerNames names,
    FreshAuthentication fresh
)
{
    private const string Shown = "5";

    /// <param name="caller">The caller.</param>
    /// <param name="id">The organization.</param>
    /// <param name="listing">The page of its members.</param>
    /// <param name="refused">The form that was refused; <c>null</c> = none was.</param>
    public async Task<IResult> PageAsync(Caller caller, string id, Listing listing, RefusedForm? refused = null)
    {
        var organization = await organizations.ShowAsync(caller, id);
        var shown = await members.RunAsync(caller, id, listing);
        var acting =
            caller.OrganizationId is null && !caller.Management.Contains(ManagementApi.CredentialsRead)
                ? null
                : await credentials.RunAsync(
                    caller,
                    CredentialFamily.All,
                    ownerId: null,
                    Listing.Of(("organization", id), ("limit", Shown))
                );
        var pending =
            caller.Management.Contains(ManagementApi.OrganizationsRead) || caller.Management.Contains(ManagementApi.OrganizationWrite)
                ? await invitations.RunAsync(
                    caller,
                    id,
                    Listing.Of((ListInvitations.StateFilter, InvitationState.Pending), ("limit", "200"))
                )
                : null;
        return new View<OrganizationPage>(organization.Name)
        {
            Status = refused?.Refusal.Status ?? StatusCodes.Status200OK,
            Trail = caller.OrganizationId is null ? [OrganizationPages.List] : [],
            ["Organization"] = organization,
            ["Members"] = shown,
            ["IsLater"] = listing.Cursor is not null,
            ["Invitations"] = pending,
            ["RoleNames"] = await roles.NamesAsync(
                shown.Items.SelectMany(member => member.Roles).Concat(pending?.Items.SelectMany(invitation => invitation.Roles) ?? [])
            ),
            ["Roles"] = await roles.ListAsync(caller, [], inOrganization: true),
            ["Credentials"] = acting,
            ["Owners"] = await names.OfAsync(caller, acting?.Items.Select(credential => credential.Owner.Id) ?? []),
            ["Act"] = refused?.Act,
            ["Refusal"] = refused?.Refusal,
            ["Typed"] = refused?.Typed,
        };
    }

    /// <summary>Makes a change and shows the page again; if it was refused, with the reason.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="id">The organization.</param>
    /// <param name="act">The name of the form.</param>
    /// <param name="change">The operation.</param>
    /// <param name="form">What was entered, to be shown again.</param>
    public Task<IResult> ChangeAsync(Caller caller, string id, string act, Func<Task> change, PageForm? form = null) =>
        PageChange.RunAsync(
            $"{OrganizationPages.List.Address}/{id}",
            change,
            refusal => PageAsync(caller, id, Listing.Of(), new RefusedForm(act, refusal, form))
        );

    /// <summary>Roles and memberships change only after a fresh proof of who the person is.</summary>
    public void RequireFresh(Caller caller) => fresh.Require(caller);

    /// <summary>A person deletes an organization only after a fresh proof, and with its name typed.</summary>
    public async Task ConfirmAsync(Caller caller, string id, string? typed)
    {
        fresh.Require(caller);
        var organization = await organizations.ShowAsync(caller, id);
        if (typed != organization.Name)
        {
            throw ProblemException.Invalid(
                "confirm",
                new FieldFault("must_be", $"must be {organization.Name}", ("value", organization.Name))
            );
        }
    }
}

/// <summary>A form of the page that was refused.</summary>
/// <param name="Act">Its name.</param>
/// <param name="Refusal">Why.</param>
/// <param name="Typed">What was entered; <c>null</c> = the form does not show it again.</param>
internal sealed record RefusedForm(string Act, ProblemException Refusal, PageForm? Typed);
