using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals;

/// <summary><c>/approvals</c>: the queue, and the page of each approval on which a person decides.</summary>
internal static class ApprovalPages
{
    private static readonly Crumb List = new("approvals.title", "approvals");

    public static IServiceCollection AddApprovalPages(this IServiceCollection services) =>
        services.AddSingleton(
            new NavigationEntry(NavigationSection.Server, 35, List.Text, List.Address, "circle-check") { Scopes = ApprovalsApi.Reads }
        );

    public static void MapApprovalPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/approvals", ListAsync).IsPageFor(ApprovalsApi.Reads);
        app.MapGet(
                "/approvals/{id}",
                (string id, Caller caller, HttpContext http) => ShowAsync(caller, id, http.RequestServices, refusal: null)
            )
            .IsPageFor(ApprovalsApi.Reads);
        foreach (var act in new[] { "approve", "deny" })
        {
            app.MapPost(
                    $"/approvals/{{id}}/{act}",
                    (string id, Caller caller, PageForm form, HttpContext http) =>
                        DecideAsync(caller, id, act == "approve", form["message"], http.RequestServices)
                )
                .IsPageFor(ApprovalsApi.Writes)
                .IsForm();
        }
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListApprovals list, OwnerNames names)
    {
        var listing = Listing.OfForm(http.Request.Query);
        var page = await list.RunAsync(caller, listing);
        return new View<ApprovalsPage>(List.Text)
        {
            ["Approvals"] = page,
            ["Names"] = await names.OfAsync(
                caller,
                page.Items.SelectMany(approval =>
                    new[] { approval.RequestedBy, approval.Credential?.Owner.Id, approval.Role?.OrganizationId }
                )
            ),
            ["Filters"] = listing.Filters(ListApprovals.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> ShowAsync(Caller caller, string id, IServiceProvider services, ProblemException? refusal)
    {
        var approval = await services.GetRequiredService<ListApprovals>().ShowAsync(caller, id);
        return new View<ApprovalPage>(approval.Credential?.Name ?? RoleTexts.TitleOf(approval.Role!.Id, approval.Role.Name))
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [List],
            ["Approval"] = approval,
            ["MayDecide"] = approval.Role is { } asked
                ? ApprovalRights.MayGive(caller, asked.OrganizationId)
                : ApprovalDemand.MayDecide(caller, approval.DemandedBy),
            ["IsOwn"] = approval.RequestedBy == caller.Principal.Id,
            ["Gives"] = approval.Role is { } role
                ? await services.GetRequiredService<GrantableRoles>().GivesAsync(role.Id, role.OrganizationId is not null)
                : null,
            ["Names"] = await services
                .GetRequiredService<OwnerNames>()
                .OfAsync(
                    caller,
                    [
                        approval.RequestedBy,
                        approval.DecidedBy,
                        approval.Credential?.Owner.Id,
                        approval.Credential?.OrganizationId,
                        approval.Role?.OrganizationId,
                    ]
                ),
            ["Refusal"] = refusal,
        };
    }

    private static Task<IResult> DecideAsync(Caller caller, string id, bool approves, string? message, IServiceProvider services)
    {
        var decide = services.GetRequiredService<DecideApproval>();
        return PageChange.RunAsync(
            $"{List.Address}/{id}",
            () => approves ? decide.ApproveAsync(caller, id, message) : decide.DenyAsync(caller, id, message),
            refusal => ShowAsync(caller, id, services, refusal)
        );
    }
}
