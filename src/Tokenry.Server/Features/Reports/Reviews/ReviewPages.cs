using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary><c>/reports/reviews</c>: the access reviews, and the lines of one with a signature each.</summary>
internal static class ReviewPages
{
    public const string Address = "reports/reviews";

    private static readonly string[] Reads = [ManagementApi.CredentialsRead, ManagementApi.OrganizationCredentials];
    private static readonly string[] Writes = [ManagementApi.CredentialsWrite, ManagementApi.OrganizationCredentials];

    private static readonly Crumb Reports = new("reports.title", "reports");
    private static readonly Crumb List = new("reviews.title", Address);

    public static void MapReviewPages(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup($"/{Address}");
        group
            .MapGet(
                "",
                (HttpContext http, Caller caller, ReviewView view) =>
                    view.ListAsync(caller, Listing.OfForm(http.Request.Query), PageForm.Empty)
            )
            .IsPageFor(Reads);
        group.MapPost("", (Caller caller, PageForm form, ReviewView view) => view.OpenAsync(caller, form)).IsPageFor(Writes).IsForm();
        group
            .MapGet(
                "/{id}",
                (string id, HttpContext http, Caller caller, ReviewView view) =>
                    view.ShowAsync(caller, id, Listing.OfForm(http.Request.Query).Cursor, refusal: null)
            )
            .IsPageFor(Reads);
        group
            .MapGet("/{id}/lines.csv", (string id, HttpContext http, Caller caller, ReviewCsv csv) => csv.FileAsync(http, caller, id))
            .IsPageFor(Reads);
        foreach (var decision in new[] { ReviewLineRow.Keep, ReviewLineRow.Revoke })
        {
            group
                .MapPost(
                    $"/{{owner}}/lines/{{id}}/{decision}",
                    (string owner, string id, Caller caller, PageForm form, ReviewView view) =>
                        view.SignAsync(caller, (owner, id), decision, form)
                )
                .IsPageFor(Writes)
                .IsForm();
        }
    }

    internal static IReadOnlyList<Crumb> AboveList => [Reports];

    internal static IReadOnlyList<Crumb> AboveReview => [Reports, List];
}

/// <summary>The pages of access reviews, and what their forms do.</summary>
internal sealed class ReviewView(ReadReviews read, OpenReview open, SignLine sign, OwnerNames names, TimeProvider time)
{
    /// <summary>The lines of a page.</summary>
    private const string Shown = "100";

    public async Task<IResult> ListAsync(Caller caller, Listing listing, PageForm form, ProblemException? refusal = null)
    {
        var reviews = await read.ListAsync(caller, listing);
        var today = time.GetUtcNow();
        return new View<ReviewsPage>("reviews.title")
        {
            Status = StatusOf(refusal),
            Trail = ReviewPages.AboveList,
            ["Reviews"] = reviews,
            ["IsLater"] = listing.Cursor is not null,
            ["Names"] = await names.OfAsync(caller, reviews.Items.SelectMany(review => new[] { review.Covers, review.CreatedBy })),
            ["From"] = form["from"] ?? ReportPages.Day(today.AddDays(-ReportPages.UsualDays)),
            ["To"] = form["to"] ?? ReportPages.Day(today),
            ["Organization"] = form["organization"],
            ["Once"] = CredentialPages.Once(),
            ["Refusal"] = refusal,
        };
    }

    public async Task<IResult> OpenAsync(Caller caller, PageForm form)
    {
        try
        {
            var review = await open.RunAsync(
                caller,
                new AccessReviewRequest
                {
                    From = ReportPages.Start(form["from"] ?? "", "from", days: 0),
                    To = ReportPages.Start(form["to"] ?? "", "to", days: 1),
                    Organization = form["organization"],
                }
            );
            return new Redirect($"{ReviewPages.Address}/{review.Id}");
        }
        catch (ProblemException refusal) when (refusal is { IsForForm: true, MissingScopes: null })
        {
            return await ListAsync(caller, Listing.Of(), form, refusal);
        }
    }

    public async Task<IResult> ShowAsync(Caller caller, string id, string? cursor, ProblemException? refusal)
    {
        var page = await read.ShowAsync(caller, id, Listing.Of([("limit", Shown), .. cursor is null ? [] : new[] { ("cursor", cursor) }]));
        var organizations = page.Items.Select(line => line.OrganizationId).Append(page.Review.Covers).Append(page.Review.CreatedBy);
        return new View<ReviewPage>("reviews.one")
        {
            Status = StatusOf(refusal),
            Trail = ReviewPages.AboveReview,
            ["Page"] = page,
            ["Names"] = await names.OfAsync(caller, organizations),
            ["Cursor"] = cursor,
            ["Refusal"] = refusal,
        };
    }

    public async Task<IResult> SignAsync(Caller caller, (string Review, string Line) of, string decision, PageForm form)
    {
        var signature = new ReviewSignature { Comment = form["comment"] };
        var cursor = form["cursor"];
        try
        {
            await (
                decision == ReviewLineRow.Keep
                    ? sign.KeepAsync(caller, of.Review, of.Line, signature)
                    : sign.RevokeAsync(caller, of.Review, of.Line, signature)
            );
        }
        catch (ProblemException refusal) when (refusal is { IsForForm: true, MissingScopes: null })
        {
            return await ShowAsync(caller, of.Review, cursor, refusal);
        }

        return new Redirect(
            $"{ReviewPages.Address}/{of.Review}{(cursor is null ? "" : $"?cursor={Uri.EscapeDataString(cursor)}")}#{of.Line}"
        );
    }

    private static int StatusOf(ProblemException? refusal) =>
        refusal?.Status switch
        {
            null => StatusCodes.Status200OK,
            StatusCodes.Status400BadRequest => StatusCodes.Status422UnprocessableEntity,
            { } status => status,
        };
}
