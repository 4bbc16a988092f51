using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Revocation;

/// <summary><c>/k/report</c>: a finder of a secret reports it with a form. The page says nothing about the string, as the API does.</summary>
internal static class LeakPages
{
    public static void MapLeakPages(this IEndpointRouteBuilder app) =>
        app.MapPost("/k/report", ReportAsync).ExcludeFromDescription().IsDoor().IsPage().IsForm();

    private static async Task<IResult> ReportAsync(HttpContext http, PageForm form, ReportLeak report, FailureThrottle throttle)
    {
        await RevocationApi.TakeAsync(http, form.AsTyped("token").Trim(), report, throttle);
        return new View<LeakReportedPage>("leak.title");
    }
}
