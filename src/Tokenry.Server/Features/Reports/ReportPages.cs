using System.Globalization;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Features.Reports.Reviews;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports;

/// <summary><c>/reports</c>: the report on credentials, on a page that prints well, and as CSV.</summary>
internal static class ReportPages
{
    private const string Address = "reports";

    /// <summary>As many as a list can have: the page is printed.</summary>
    private const string Shown = "200";

    internal const int UsualDays = 30;

    private static readonly string[] Scopes = [ManagementApi.CredentialsRead, ManagementApi.OrganizationCredentials];

    public static IServiceCollection AddReportPages(this IServiceCollection services) =>
        services
            .AddSingleton<ReviewView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Run, 10, "reports.title", Address, "report") { Scopes = Scopes });

    public static void MapReportPages(this IEndpointRouteBuilder app)
    {
        app.MapGet($"/{Address}", ShowAsync).IsPageFor(Scopes);
        app.MapGet(
                $"/{Address}/credentials.csv",
                (HttpContext http, Caller caller, ReportCsv csv, TimeProvider time) =>
                    ReportsApi.FileAsync(http, caller, Asked(http.Request.Query, time), csv)
            )
            .IsPageFor(Scopes);
        app.MapReviewPages();
    }

    private static async Task<IResult> ShowAsync(
        HttpContext http,
        Caller caller,
        ReportCredentials report,
        OwnerNames names,
        TimeProvider time
    )
    {
        var query = http.Request.Query;
        var (made, refusal) = ((CredentialReport?)null, (ProblemException?)null);
        try
        {
            made = await report.RunAsync(caller, Asked(query, time));
        }
        catch (ProblemException problem) when (problem is { IsForForm: true, MissingScopes: null, Errors: not null })
        {
            refusal = problem;
        }

        var today = time.GetUtcNow();
        var covers = made?.Covers;
        return new View<ReportPage>("reports.title")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Report"] = made,
            ["From"] = Text(query, "from") ?? Day(today.AddDays(-UsualDays)),
            ["To"] = Text(query, "to") ?? Day(today),
            ["Organization"] = Text(query, "organization"),
            ["Name"] = covers is null or ReportCredentials.Server
                ? null
                : (await names.OfAsync(caller, [covers])).GetValueOrDefault(covers, covers),
            ["IsLater"] = Text(query, "cursor") is not null,
            ["Refusal"] = refusal,
        };
    }

    /// <summary>The report that the form asks for: both days belong to it.</summary>
    private static Listing Asked(IQueryCollection query, TimeProvider time)
    {
        var today = time.GetUtcNow();
        var filters = new List<(string, string)>
        {
            ("from", Stamp(Text(query, "from") ?? Day(today.AddDays(-UsualDays)), "from", days: 0)),
            ("to", Stamp(Text(query, "to") ?? Day(today), "to", days: 1)),
            ("limit", Shown),
        };
        foreach (var name in new[] { "organization", "cursor" })
        {
            if (Text(query, name) is { } value)
            {
                filters.Add((name, value));
            }
        }

        return Listing.Of([.. filters]);
    }

    private static string? Text(IQueryCollection query, string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    internal static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Stamp(string day, string name, int days) => TimestampConverter.Format(Start(day, name, days));

    /// <summary>The start of a day, or of one that many days later.</summary>
    internal static DateTimeOffset Start(string day, string name, int days) =>
        DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
        && date.Year is >= 1970 and < 9999
            ? new DateTimeOffset(date.AddDays(days), TimeOnly.MinValue, TimeSpan.Zero)
            : throw ProblemException.Invalid(name, new FieldFault("not_day", "must be a day such as 2099-01-31"));
}
