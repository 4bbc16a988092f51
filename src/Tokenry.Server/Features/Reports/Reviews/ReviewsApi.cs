using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary><c>/v1/reports/reviews</c></summary>
internal static class ReviewsApi
{
    /// <summary>The target type of audit events.</summary>
    public const string Noun = "review";

    private static readonly string[] Reads = [ManagementApi.CredentialsRead, ManagementApi.OrganizationCredentials];
    private static readonly string[] Writes = [ManagementApi.CredentialsWrite, ManagementApi.OrganizationCredentials];

    public static IServiceCollection AddReviews(this IServiceCollection services) =>
        services.AddSingleton<OpenReview>().AddSingleton<ReadReviews>().AddSingleton<SignLine>().AddSingleton<ReviewCsv>();

    public static void MapReviews(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/reports/reviews").WithTags("Reports");
        group
            .MapGet("", async (Caller caller, Listing listing, ReadReviews read) => TypedResults.Ok(await read.ListAsync(caller, listing)))
            .WithSummary("List access reviews and how far they are, the newest first.")
            .Lists()
            .Needs(Reads);
        group
            .MapPost(
                "",
                async (Caller caller, Body<AccessReviewRequest> body, OpenReview open) =>
                {
                    var review = await open.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/reports/reviews/{review.Id}", review);
                }
            )
            .WithSummary("Open an access review: a line for each credential that works and each role that a principal has.")
            .Needs(Writes);
        group
            .MapGet(
                "/{owner}",
                async Task<Results<Ok<AccessReviewPage>, FileContentHttpResult>> (
                    string owner,
                    HttpContext http,
                    string? format,
                    Caller caller,
                    Listing listing,
                    ReadReviews read,
                    ReviewCsv csv
                ) =>
                {
                    http.Response.Headers.Vary = "Accept";
                    return ReportsApi.IsCsv(format, http.Request)
                        ? await csv.FileAsync(http, caller, owner)
                        : TypedResults.Ok(await read.ShowAsync(caller, owner, listing));
                }
            )
            .WithName("reports_reviews_show")
            .WithSummary("Show an access review and its lines; as JSON a page at a time, as CSV whole.")
            .Lists()
            .Needs(Reads);
        var lines = app.MapGroup("/v1/reports/reviews/{owner}/lines").WithTags("Reports");
        lines
            .MapPost(
                "/{id}/keep",
                async (string owner, string id, Caller caller, Body<ReviewSignature> body, SignLine sign) =>
                    TypedResults.Ok(await sign.KeepAsync(caller, owner, id, body.Value))
            )
            .WithSummary("Sign a line of an access review: it stays.")
            .Needs(Writes);
        lines
            .MapPost(
                "/{id}/revoke",
                async (string owner, string id, Caller caller, Body<ReviewSignature> body, SignLine sign) =>
                    TypedResults.Ok(await sign.RevokeAsync(caller, owner, id, body.Value))
            )
            .WithSummary("Sign a line of an access review and revoke its credential, or take the role.")
            .Needs(Writes);
    }
}
