using Dapper;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Usage;

/// <summary><c>/v1/usage</c>, <c>/v1/access-log</c> and <c>/v1/credentials/{id}/uses</c>.</summary>
public static class UsageApi
{
    public static IServiceCollection AddUsage(this IServiceCollection services) =>
        services.AddSingleton<ListUsage>().AddSingleton<ListAccess>().AddSingleton<ShowCredentialUses>();

    public static void MapUsage(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1").WithTags("Usage");
        group
            .MapGet(
                "/usage",
                async (Caller caller, Listing listing, ListUsage list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("Count uses by minute or hour, credential, API, scopes and result.")
            .Lists(ListUsage.Filters)
            .Needs(ManagementApi.UsageRead, ManagementApi.TokensOwn, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationAudit);
        group
            .MapGet(
                "/access-log",
                async (Caller caller, Listing listing, ListAccess list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("List decisions and issued tokens one by one, newest first.")
            .Lists(ListAccess.Filters)
            .Needs(ManagementApi.AuditRead, ManagementApi.TokensOwn, ManagementApi.ApplicationsOwn, ManagementApi.OrganizationAudit);
        group
            .MapGet(
                "/credentials/{id}/uses",
                async (string id, Caller caller, Listing listing, ShowCredentialUses show) =>
                    TypedResults.Ok(await show.RunAsync(caller, id, listing))
            )
            .WithSummary("Show every use of a credential since a date, to assess a leak.")
            .Lists("since")
            .Needs(
                ManagementApi.CredentialsRead,
                ManagementApi.TokensOwn,
                ManagementApi.ApplicationsOwn,
                ManagementApi.OrganizationRead,
                ManagementApi.OrganizationCredentials
            );
    }

    /// <summary>
    /// The named scope gives access to all rows. <c>tokens:own</c> and <c>applications:own</c> give access to the caller's own rows.
    /// </summary>
    internal static Demand OwnOr(string scope, Caller caller) =>
        new(scope, caller.Management.Contains(ManagementApi.ApplicationsOwn) ? ManagementApi.ApplicationsOwn : ManagementApi.TokensOwn)
        {
            OrganizationScope = ManagementApi.OrganizationAudit,
        };

    /// <summary>
    /// Limits a query over <c>subject</c> to the caller's reach: the caller by <c>tokens:own</c>, the caller's applications by
    /// <c>applications:own</c>, what acts in the caller's organization by <c>organization:audit</c>.
    /// </summary>
    internal static string Within(Caller caller, Reach reach, DynamicParameters parameters)
    {
        var within = "";
        if (reach.Organization is { } organization)
        {
            within = $" AND credential_id IN ({CredentialStore.OfOrganization("@organization")})";
            parameters.Add("organization", organization);
        }

        if (reach.OwnOf is not { } own)
        {
            return within;
        }

        parameters.Add("own", own);
        var tokens = caller.Management.Contains(ManagementApi.TokensOwn);
        var applications = caller.Management.Contains(ManagementApi.ApplicationsOwn);
        return (tokens, applications) switch
        {
            (true, true) => $"{within} AND subject IN ({OwnerLine.Of("@own")})",
            (true, false) => $"{within} AND subject = @own",
            _ => $"{within} AND subject IN ({OwnerLine.Below("@own")})",
        };
    }
}
