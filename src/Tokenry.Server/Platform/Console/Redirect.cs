namespace Tokenry.Server.Platform.Console;

/// <summary>Answers 303 to another page of this server; any other address becomes the first page.</summary>
/// <param name="address">The address below the base, without a slash at the start.</param>
public sealed class Redirect(string address) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.Headers.Location = $"{httpContext.Request.PathBase}/{(IsOwn(address) ? address : "")}";
        return Task.CompletedTask;
    }

    /// <summary>A path, a query and nothing that a browser reads as another host or scheme.</summary>
    internal static bool IsOwn(string address) =>
        address.Length < 2000
        && !address.StartsWith('/')
        && address.All(character =>
            char.IsAsciiLetterOrDigit(character) || "/-._~?&=%+,;@!*:".Contains(character, StringComparison.Ordinal)
        )
        && !address.Contains("..", StringComparison.Ordinal)
        && !address.Split('?', '/')[0].Contains(':', StringComparison.Ordinal);
}
