using Tokenry.Server.Core.Access;
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
                (string id, Caller caller, ListApprovals list, OwnerNames names) => ShowAsync(caller, id, list, names, refusal: null)
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
                page.Items.SelectMany(approval => new[] { approval.RequestedBy, approval.Credential.Owner.Id })
            ),
            ["Filters"] = listing.Filters(ListApprovals.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> ShowAsync(Caller caller, string id, ListApprovals list, OwnerNames names, ProblemException? refusal)
    {
        var approval = await list.ShowAsync(caller, id);
        return new View<ApprovalPage>(approval.Credential.Name)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [List],
            ["Approval"] = approval,
            ["MayDecide"] = ApprovalDemand.MayDecide(caller, approval.DemandedBy),
            ["IsOwn"] = approval.RequestedBy == caller.Principal.Id,
            ["Names"] = await names.OfAsync(
                caller,
                [approval.RequestedBy, approval.DecidedBy, approval.Credential.Owner.Id, approval.Credential.OrganizationId]
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
            refusal =>
                ShowAsync(caller, id, services.GetRequiredService<ListApprovals>(), services.GetRequiredService<OwnerNames>(), refusal)
        );
    }
}
