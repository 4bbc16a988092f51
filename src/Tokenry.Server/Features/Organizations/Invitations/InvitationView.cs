using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>What the forms for invitations on the page of an organization do.</summary>
internal sealed class InvitationView(
    CreateInvitation create,
    RevokeInvitation revoke,
    ListOrganizations organizations,
    GrantableRoles roles,
    OrganizationView view,
    TimeProvider time
)
{
    public async Task<IResult> InviteAsync(Caller caller, string organizationId, PageForm form)
    {
        IResult? made = null;
        var answer = await view.ChangeAsync(
            caller,
            organizationId,
            "invite",
            async () => made = await MadeAsync(caller, organizationId, await create.RunAsync(caller, organizationId, Asked(form))),
            form
        );
        return made ?? answer;
    }

    public Task<IResult> RevokeAsync(Caller caller, string organizationId, string id) =>
        view.ChangeAsync(caller, organizationId, "revoke-invitation", () => revoke.RunAsync(caller, organizationId, id));

    private async Task<IResult> MadeAsync(Caller caller, string organizationId, Invitation invitation)
    {
        var organization = await organizations.ShowAsync(caller, organizationId);
        return new View<InvitationMadePage>(InvitationPages.MadeTitle)
        {
            Trail =
            [
                .. caller.OrganizationId is null ? [OrganizationPages.List] : Array.Empty<Crumb>(),
                new(organization.Name, $"{OrganizationPages.List.Address}/{organizationId}"),
            ],
            ["Organization"] = organization,
            ["Invitation"] = invitation,
            ["RoleNames"] = await roles.NamesAsync(invitation.Roles),
        };
    }

    private InvitationRequest Asked(PageForm form) =>
        new()
        {
            Roles = form.All("role") is { Count: > 0 } given ? given : null,
            Email = form["email"],
            Note = form["note"],
            ExpiresAt = int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days)
                ? time.GetUtcNow().AddDays(Math.Min(days, 1000))
                : null,
        };
}
