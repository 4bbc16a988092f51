using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
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

    internal static readonly Crumb List = new("applications.title", "applications");

    public static IServiceCollection AddApplicationPages(this IServiceCollection services) =>
        services
            .AddSingleton<ApplicationView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 20, List.Text, List.Address, "apps") { Scopes = Scopes });

    public static void MapApplicationPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/applications", ListAsync).IsPageFor(Scopes);
        app.MapGet("/applications/{id}", async (string id, Caller caller, ApplicationView view) => await view.PageAsync(caller, id))
            .IsPageFor(Scopes);
        app.MapPost(
                "/applications/{id}/roles",
                (string id, Caller caller, PageForm form, ApplicationView view) => view.GiveAsync(caller, id, form.All("role"))
            )
            .IsPageFor(ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn)
            .IsForm();
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
}
