using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Revocation;

/// <summary>For whoever finds a secret: <c>/v1/credentials/revoke</c> for anybody, <c>/v1/credentials/leaks</c> for scanners.</summary>
public static class RevocationApi
{
    public static IServiceCollection AddRevocation(this IServiceCollection services) =>
        services.AddSingleton<ReportLeak>().AddSingleton<ScannerReports>();

    public static void MapRevocation(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/credentials").WithTags("Leaks");
        group
            .MapPost("/revoke", RevokeAsync)
            .WithSummary("Report a credential that was found where it should not be; it ends at once. The answer is always the same.")
            .OpenToAnybody();
        group
            .MapPost("/leaks", async (HttpContext context, ScannerReports reports) => TypedResults.Ok(await reports.RunAsync(context)))
            .Accepts<FoundSecret[]>(MediaType.Json)
            .WithSummary("Report a signed batch of strings that a secret scanner found; tells which were ours.")
            .OpenToAnybody();
    }

    private const string Throttled = "leak reports";

    private static async Task<IResult> RevokeAsync(HttpContext context, Body<LeakReport> body, ReportLeak report, FailureThrottle throttle)
    {
        var request = RequestFacts.Of(context);
        // Asked first, so that the answer says nothing about the string.
        if (throttle.IsBlocked(Throttled, request.Address))
        {
            throw new ProblemException(
                429,
                ProblemCode.TooManyRequests,
                "Too many reports of what is no credential of this server, or ended before."
            )
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        // A report that is repeated is as cheap to send as a string that is made up.
        if (await report.RunAsync(request, body.Value.Token, found: null, revokes: true) != LeakOutcome.Done)
        {
            throttle.IsTooMany(Throttled, request.Address);
        }

        // Whether it was one is nobody's business but its owner's, whom audit and record tell.
        return Results.Json(new { }, statusCode: 202);
    }
}
