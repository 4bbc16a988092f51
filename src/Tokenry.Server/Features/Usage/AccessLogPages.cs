using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Usage;

/// <summary><c>/access-log</c>: the page of decisions, one by one.</summary>
internal static class AccessLogPages
{
    /// <summary>Rows are long: more would make a page of over 60 KB.</summary>
    private const int Shown = 35;

    private static readonly string[] Scopes =
    [
        ManagementApi.AuditRead,
        ManagementApi.TokensOwn,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationAudit,
    ];

    public static IServiceCollection AddAccessLogPages(this IServiceCollection services) =>
        services.AddSingleton(
            new NavigationEntry(NavigationSection.Watch, 5, "access_log.title", "access-log", "list-search") { Scopes = Scopes }
        );

    public static void MapAccessLogPages(this IEndpointRouteBuilder app) => app.MapGet("/access-log", ListAsync).IsPageFor(Scopes);

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListAccess list, TimeProvider time)
    {
        var listing = Listing.OfForm(http.Request.Query, Shown);
        var now = time.GetUtcNow();
        return new View<AccessLogPage>("access_log.title")
        {
            ["Entries"] = await list.RunAsync(caller, listing),
            ["Filters"] = listing.Filters(ListAccess.Filters),
            ["IsLater"] = listing.Cursor is not null,
            ["LastHour"] = TimestampConverter.Format(now.AddHours(-1)),
            ["LastDay"] = TimestampConverter.Format(now.AddDays(-1)),
        };
    }
}
