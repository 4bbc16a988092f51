using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary><c>/applications</c>: the pages of machine identities.</summary>
internal static class ApplicationPages
{
    private static readonly string[] Scopes =
    [
        ManagementApi.ApplicationsRead,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationRead,
    ];

    private static readonly Crumb List = new("applications.title", "applications");

    public static IServiceCollection AddApplicationPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Server, 20, List.Text, List.Address, "apps") { Scopes = Scopes });

    public static void MapApplicationPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/applications", ListAsync).IsPageFor(Scopes);
        app.MapGet("/applications/{id}", ShowAsync).IsPageFor(Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListApplications list)
    {
        var listing = Listing.OfForm(http.Request.Query);
        return new View<ApplicationsPage>(List.Text)
        {
            ["Applications"] = await list.RunAsync(caller, listing),
            ["Filters"] = listing.Filters(ListApplications.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> ShowAsync(string id, Caller caller, ListApplications list, ListCredentials credentials)
    {
        var application = await list.ShowAsync(caller, id);
        return new View<ApplicationPage>(application.Name)
        {
            Trail = [List],
            ["Application"] = application,
            ["Credentials"] = await credentials.RunAsync(caller, CredentialFamily.All, ownerId: null, Listing.Of(("owner", id))),
        };
    }
}
