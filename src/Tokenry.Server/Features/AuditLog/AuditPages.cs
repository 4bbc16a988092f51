using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.AuditLog;

/// <summary><c>/audit</c>: the page of the audit trail.</summary>
internal static class AuditPages
{
    /// <summary>Rows are long: more would make a page of over 60 KB.</summary>
    private const int Shown = 35;

    private static readonly string[] Scopes = [ManagementApi.AuditRead, ManagementApi.OrganizationAudit];

    public static IServiceCollection AddAuditPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Watch, 10, "audit.title", "audit", "history") { Scopes = Scopes });

    public static void MapAuditPages(this IEndpointRouteBuilder app) => app.MapGet("/audit", ListAsync).IsPageFor(Scopes);

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListAuditEvents list)
    {
        var listing = Listing.OfForm(http.Request.Query, Shown);
        return new View<AuditPage>("audit.title")
        {
            ["Events"] = await list.RunAsync(caller, listing),
            ["Filters"] = listing.Filters(ListAuditEvents.Filters),
            ["Actions"] = AuditActions.Kinds,
            ["IsLater"] = listing.Cursor is not null,
        };
    }
}
