using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/credentials</c>: every credential that the person may see, and the page of each.</summary>
internal static class CredentialListPages
{
    private static readonly string[] Scopes =
    [
        ManagementApi.CredentialsRead,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationRead,
        ManagementApi.OrganizationCredentials,
    ];

    internal static readonly Crumb List = new("credentials.title", "credentials");

    public static IServiceCollection AddCredentialPages(this IServiceCollection services) =>
        services
            .AddSingleton<BulkView>()
            .AddSingleton<OwnViews>()
            .AddSingleton<CredentialListView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 30, List.Text, List.Address, "list-details") { Scopes = Scopes });

    public static void MapCredentialPages(this IEndpointRouteBuilder app)
    {
        app.MapGet(
                "/credentials",
                (Caller caller, HttpContext http, CredentialListView view) => view.PageAsync(caller, Listing.OfForm(http.Request.Query))
            )
            .IsPageFor(Scopes);
        app.MapViewPages(Scopes);
        app.MapBulkPages();
        CredentialPages.Map(app, List, family: null, Scopes);
    }
}
