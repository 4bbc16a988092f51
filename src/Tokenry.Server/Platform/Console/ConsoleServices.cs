using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>Adds the frame of the pages: files, language and theme, guards of forms, and errors as pages.</summary>
internal static class ConsoleServices
{
    public static IServiceCollection AddConsole(this IServiceCollection services) =>
        services.AddSingleton<ConsoleAssets>().AddSingleton(new ProblemPage(Problems.WriteAsync));

    public static void MapConsole(this IEndpointRouteBuilder app)
    {
        ConsoleAssets.Map(app);
        Appearance.Map(app);
    }

    /// <summary>A page for signed-in people, which the API's document does not list; the operations behind it need one of these scopes.</summary>
    public static TBuilder IsPageFor<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder => builder.ExcludeFromDescription().NeedsSession(scopes);
}
