using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Users;

/// <summary><c>/users</c>: the pages of people.</summary>
internal static class UserPages
{
    private static readonly string[] Scopes = [ManagementApi.UsersRead];

    private static readonly Crumb List = new("users.title", "users");

    public static IServiceCollection AddUserPages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Server, 10, List.Text, List.Address, "users") { Scopes = Scopes });

    public static void MapUserPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/users", ListAsync).IsPageFor(Scopes);
        app.MapGet("/users/{id}", ShowAsync).IsPageFor(Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListUsers list)
    {
        var listing = Listing.OfForm(http.Request.Query);
        return new View<UsersPage>(List.Text)
        {
            ["Users"] = await list.RunAsync(caller, listing),
            ["Filters"] = listing.Filters("email"),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> ShowAsync(string id, Caller caller, ListUsers list, ListCredentials credentials)
    {
        var user = await list.ShowAsync(caller, id);
        var maySeeTokens = caller.Management.Contains(ManagementApi.CredentialsRead);
        return new View<UserPage>(user.Name)
        {
            Trail = [List],
            ["User"] = user,
            ["Tokens"] = maySeeTokens
                ? await credentials.RunAsync(caller, [CredentialFamily.PersonalAccessTokens], user.Id, Listing.Of())
                : null,
        };
    }
}
