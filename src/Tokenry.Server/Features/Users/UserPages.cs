using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Users;

/// <summary><c>/users</c>: the pages of people.</summary>
internal static class UserPages
{
    private static readonly string[] Scopes = [ManagementApi.UsersRead];

    internal static readonly Crumb List = new("users.title", "users");

    public static IServiceCollection AddUserPages(this IServiceCollection services) =>
        services
            .AddSingleton<UserView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 10, List.Text, List.Address, "users") { Scopes = Scopes });

    public static void MapUserPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/users", ListAsync).IsPageFor(Scopes);
        app.MapGet("/users/{id}", async (string id, Caller caller, UserView view) => await view.PageAsync(caller, id)).IsPageFor(Scopes);
        app.MapPost(
                "/users/{id}/roles",
                (string id, Caller caller, PageForm form, UserView view) => view.GiveAsync(caller, id, form.All("role"))
            )
            .IsPageFor(ManagementApi.UsersWrite)
            .IsForm();
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListUsers list)
    {
        var listing = Listing.OfForm(http.Request.Query);
        return new View<UsersPage>(List.Text)
        {
            ["Users"] = await list.RunAsync(caller, listing),
            ["Filters"] = listing.Filters(ListUsers.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }
}
