using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.AuditLog;

/// <summary><c>/v1/audit</c></summary>
public static class AuditLogApi
{
    public static IServiceCollection AddAuditLog(this IServiceCollection services) =>
        services.AddSingleton<ListAuditEvents>().AddSingleton<ShowAuditHead>();

    public static void MapAuditLog(this IEndpointRouteBuilder app)
    {
        app.MapGet(
                "/v1/audit",
                async (Caller caller, Listing listing, ListAuditEvents list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithTags("Audit")
            .WithSummary("Read the audit trail, newest first.")
            .Lists(ListAuditEvents.Filters)
            .Needs(ManagementApi.AuditRead, ManagementApi.OrganizationAudit);
        app.MapGet("/v1/audit/head", async (Caller caller, ShowAuditHead show) => TypedResults.Ok(await show.RunAsync(caller)))
            .WithTags("Audit")
            .WithSummary("Show the newest signed head of the audit trail.")
            .Needs(ManagementApi.AuditRead);
    }
}
