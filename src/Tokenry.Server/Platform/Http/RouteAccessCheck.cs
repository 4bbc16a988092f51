namespace Tokenry.Server.Platform.Http;

/// <summary>Default deny, checked at start: the server does not start with a route that does not declare its access.</summary>
public static class RouteAccessCheck
{
    public static void RequireOnEveryRoute(this IEndpointRouteBuilder app)
    {
        var undeclared = app
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteAccess>() is null)
            .Select(endpoint => endpoint.DisplayName)
            .ToList();
        if (undeclared.Count > 0)
        {
            throw new InvalidOperationException($"These routes declare no access: {string.Join(", ", undeclared)}");
        }
    }
}
