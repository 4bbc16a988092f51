using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Revocation;

/// <summary>Leak reports: <c>/v1/credentials/revoke</c> for every finder of a secret, <c>/v1/credentials/leaks</c> for secret scanners.</summary>
public static class RevocationApi
{
    public static IServiceCollection AddRevocation(this IServiceCollection services) =>
        services.AddSingleton<ReportLeak>().AddSingleton<ScannerReports>();

    public static void MapRevocation(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/credentials").WithTags("Leaks");
        group
            .MapPost("/revoke", RevokeAsync)
            .WithSummary("Report a leaked credential; the server revokes it at once. The response is always the same.")
            .OpenToAnybody();
        group
            .MapPost("/leaks", async (HttpContext context, ScannerReports reports) => TypedResults.Ok(await reports.RunAsync(context)))
            .Accepts<FoundSecret[]>(MediaType.Json)
            .WithSummary("Report a signed batch of strings that a secret scanner found; the response says which ones this server issued.")
            .OpenToAnybody();
    }

    private const string Throttled = "leak reports";

    private static async Task<IResult> RevokeAsync(HttpContext context, Body<LeakReport> body, ReportLeak report, FailureThrottle throttle)
    {
        await TakeAsync(context, body.Value.Token, report, throttle);
        // The answer does not say whether the string was a credential. Only its owner learns it, from the audit log and the credential.
        return Results.Json(new { }, statusCode: 202);
    }

    /// <summary>Takes the report of one string; the caller answers the same to every string.</summary>
    internal static async Task TakeAsync(HttpContext context, string token, ReportLeak report, FailureThrottle throttle)
    {
        var request = RequestFacts.Of(context);
        // Checked before the string is read, so that the answer says nothing about the string.
        if (throttle.IsBlocked(Throttled, request.Address))
        {
            throw new ProblemException(
                429,
                ProblemCode.TooManyRequests,
                "Too many reports of strings that are not live credentials of this server. Wait a second and try again."
            )
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        // A repeated report costs the sender as little as an invented string, so both count.
        if (await report.RunAsync(request, token, found: null, revokes: true) != LeakOutcome.Done)
        {
            throttle.IsTooMany(Throttled, request.Address);
        }
    }
}
