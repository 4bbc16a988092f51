using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Configuration;

/// <summary><c>/settings</c>: what is configured and from where, for administrators of the server.</summary>
internal static class SettingsPages
{
    private static readonly string[] Scopes = [.. ManagementApi.OfServer];

    public static IServiceCollection AddSettingsPages(this IServiceCollection services) =>
        services
            .AddSingleton<ShowSettings>()
            .AddSingleton(
                new NavigationEntry(NavigationSection.Run, 20, "settings.title", "settings", "settings")
                {
                    Scopes = Scopes,
                    NeedsAll = true,
                }
            );

    public static void MapSettingsPages(this IEndpointRouteBuilder app) => app.MapGet("/settings", ShowAsync).IsPageFor(Scopes);

    private static async Task<IResult> ShowAsync(Caller caller, ShowSettings show, Database database) =>
        new View<SettingsPage>("settings.title")
        {
            ["Settings"] = await show.RunAsync(caller),
            ["Store"] = database.Description,
            ["Version"] = CommandLine.Version,
            ["Runtime"] = Environment.Version.ToString(),
        };
}
