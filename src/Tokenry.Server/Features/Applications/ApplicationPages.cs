using Tokenry.Protocol.Api;
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

    private static readonly string[] Writes =
    [
        ManagementApi.ApplicationsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
    ];

    internal static readonly Crumb List = new("applications.title", "applications");

    public static IServiceCollection AddApplicationPages(this IServiceCollection services) =>
        services
            .AddSingleton<ApplicationList>()
            .AddSingleton<ApplicationView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 20, List.Text, List.Address, "apps") { Scopes = Scopes });

    public static void MapApplicationPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/applications", ListAsync).IsPageFor(Scopes);
        app.MapPost("/applications", CreateAsync).IsPageFor(Writes).IsForm();
        app.MapGet("/applications/{id}", async (string id, Caller caller, ApplicationView view) => await view.PageAsync(caller, id))
            .IsPageFor(Scopes);
        app.MapPost(
                "/applications/{id}/roles",
                (string id, Caller caller, PageForm form, ApplicationView view) => view.GiveAsync(caller, id, form.All("role"))
            )
            .IsPageFor(ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn)
            .IsForm();
    }

    private static Task<IResult> ListAsync(Caller caller, HttpContext http, ApplicationList list) =>
        list.PageAsync(caller, Listing.OfForm(http.Request.Query));

    private static async Task<IResult> CreateAsync(Caller caller, PageForm form, CreateApplication create, ApplicationList list)
    {
        try
        {
            var made = await create.RunAsync(caller, new ApplicationRequest { Name = form["name"] ?? "" });
            return new Redirect($"{List.Address}/{made.Id}");
        }
        catch (ProblemException refusal) when (refusal.Errors is not null)
        {
            return await list.PageAsync(caller, Listing.Of(), refusal);
        }
    }
}
