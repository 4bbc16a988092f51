namespace Tokenry.Server.Platform.Http;

/// <summary>Shows an error to a person in a browser, in place of the JSON that programs get. Only a server with pages has one.</summary>
public sealed class ProblemPage(Func<HttpContext, ProblemException, Task> write)
{
    /// <summary>Paths of programs, which get JSON even if no route has the path.</summary>
    private static readonly string[] Programs = ["/v1", "/oauth", "/openapi", "/.well-known", "/health", "/metrics"];

    public Task WriteAsync(HttpContext context, ProblemException problem) => write(context, problem);

    /// <summary>Whether a browser asked for a page, or for an address that nothing has.</summary>
    public static bool IsWanted(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && (
            context.GetEndpoint() is { } endpoint
                ? endpoint.Metadata.GetMetadata<RouteIsPage>() is not null
                : !Programs.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
        );
}
