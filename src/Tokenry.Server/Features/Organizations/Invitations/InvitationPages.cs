using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary><c>/organizations/{owner}/invitations</c> for those who invite, and <c>/invitation</c> for those who are invited.</summary>
internal static class InvitationPages
{
    internal const string MadeTitle = "invitation.made";
    internal const string OfferTitle = "invitation.title";
    internal const string EndedTitle = "invitation.ended";
    internal const string BrokenTitle = "link.broken";

    public static void MapInvitationPages(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/organizations/{owner}/invitations");
        own.MapPost("", (string owner, Caller caller, PageForm form, InvitationView view) => view.InviteAsync(caller, owner, form))
            .IsPageFor(InvitationsApi.Writes)
            .IsForm();
        own.MapPost("/{id}/revoke", (string owner, string id, Caller caller, InvitationView view) => view.RevokeAsync(caller, owner, id))
            .IsPageFor(InvitationsApi.Writes)
            .IsForm();

        var pages = app.MapGroup(AcceptInvitation.Path).ExcludeFromDescription();
        // The code in it is a secret.
        pages
            .MapGet("", (HttpContext http, OfferView view) => view.PageAsync(http.Request.Query[LinkCode.Parameter].ToString()))
            .IsDoor()
            .IsPage();
        pages
            .MapPost("", (HttpContext http, PageForm form, OfferView view) => view.AcceptAsync(http, form))
            .OpenToAnybody()
            .IsPage()
            .IsForm();
        pages
            .MapPost("/account", (HttpContext http, PageForm form, OfferView view) => view.JoinAsync(http, form))
            .OpenToAnybody()
            .IsPage()
            .IsForm();
        pages
            .MapPost("/decline", (HttpContext http, PageForm form, OfferView view) => view.DeclineAsync(http, form))
            .OpenToAnybody()
            .IsPage()
            .IsForm();
    }
}
