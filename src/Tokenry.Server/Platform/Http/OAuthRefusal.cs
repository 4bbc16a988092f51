namespace Tokenry.Server.Platform.Http;

/// <summary>Lets a middleware refuse a request to a route with client authentication, whose errors have their own format (RFC 6749 §5.2).</summary>
internal static class OAuthRefusal
{
    /// <param name="response">The answer of a route whose access is <see cref="RouteAuthentication.Client"/>.</param>
    /// <param name="description">A constant, because client input must not be echoed.</param>
    public static Task InvalidRequestAsync(HttpResponse response, string description)
    {
        response.StatusCode = StatusCodes.Status400BadRequest;
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        JsonAnswer.WriteObject(
            response,
            description,
            static (json, description) =>
            {
                json.WriteString("error"u8, "invalid_request"u8);
                json.WriteString("error_description"u8, description);
            }
        );
        return Task.CompletedTask;
    }
}
