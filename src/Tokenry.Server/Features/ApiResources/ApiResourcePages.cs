using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.ApiResources;

/// <summary><c>/apis</c>: the pages of the protected APIs.</summary>
internal static class ApiResourcePages
{
    private static readonly string[] Scopes = [ManagementApi.ApiResourcesRead];

    private static readonly Crumb List = new("apis.title", "apis");

    public static IServiceCollection AddApiResourcePages(this IServiceCollection services) =>
        services.AddSingleton(new NavigationEntry(NavigationSection.Server, 5, List.Text, List.Address, "api") { Scopes = Scopes });

    public static void MapApiResourcePages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/apis", ListAsync).IsPageFor(Scopes);
        app.MapGet("/apis/{id}", ShowAsync).IsPageFor(Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, Listing listing, ListApiResources list) =>
        new View<ApiResourcesPage>(List.Text) { ["Apis"] = await list.RunAsync(caller, listing), ["IsLater"] = listing.Cursor is not null };

    private static async Task<IResult> ShowAsync(string id, Caller caller, ListApiResources list)
    {
        var api = await list.ShowAsync(caller, id);
        return new View<ApiResourcePage>(api.Name) { Trail = [List], ["Api"] = api };
    }
}
