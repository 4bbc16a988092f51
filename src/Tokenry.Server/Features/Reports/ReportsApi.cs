using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Features.Reports.Reviews;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports;

/// <summary><c>/v1/reports/credentials</c></summary>
public static class ReportsApi
{
    public static IServiceCollection AddReports(this IServiceCollection services) =>
        services.AddSingleton<ReportCredentials>().AddSingleton<ReportCsv>().AddReviews();

    public static void MapReports(this IEndpointRouteBuilder app)
    {
        app.MapReviews();
        app.MapGet(
                "/v1/reports/credentials",
                async Task<Results<Ok<CredentialReport>, FileContentHttpResult>> (
                    HttpContext http,
                    string? format,
                    Caller caller,
                    Listing listing,
                    ReportCredentials report,
                    ReportCsv csv
                ) =>
                {
                    http.Response.Headers.Vary = "Accept";
                    return IsCsv(format, http.Request)
                        ? await FileAsync(http, caller, listing, csv)
                        : TypedResults.Ok(await report.RunAsync(caller, listing));
                }
            )
            .WithTags("Reports")
            .WithSummary("Report what happened to credentials in a time, what needs a hand now, and who holds what; as JSON or CSV.")
            .Lists(ReportCredentials.Filters)
            .Needs(ManagementApi.CredentialsRead, ManagementApi.OrganizationCredentials);
    }

    /// <summary>The report as a file, with the address of its next part (RFC 8288).</summary>
    internal static async Task<FileContentHttpResult> FileAsync(HttpContext http, Caller caller, Listing listing, ReportCsv csv)
    {
        var (content, next) = await csv.WriteAsync(caller, listing);
        http.Response.Headers.CacheControl = "no-store";
        if (next is not null)
        {
            var query = http
                .Request.Query.Where(parameter => parameter.Key != "cursor")
                .SelectMany(parameter => parameter.Value.Select(value => (parameter.Key, Value: value ?? "")))
                .Append(("cursor", next))
                .Select(parameter => $"{parameter.Item1}={Uri.EscapeDataString(parameter.Item2)}");
            http.Response.Headers.Link = $"<{http.Request.PathBase}{http.Request.Path}?{string.Join('&', query)}>; rel=\"next\"";
        }

        return TypedResults.File(content, ReportCsv.MediaType + "; charset=utf-8", "credential-report.csv");
    }

    /// <summary>Whether the request asks for CSV: by <c>format</c>, and without it by <c>Accept</c>.</summary>
    internal static bool IsCsv(string? format, HttpRequest request) =>
        format switch
        {
            "csv" => true,
            "json" => false,
            null => request.Headers.Accept.ToString().StartsWith(ReportCsv.MediaType, StringComparison.OrdinalIgnoreCase),
            _ => throw ProblemException.Invalid("format", "must be json or csv"),
        };
}
