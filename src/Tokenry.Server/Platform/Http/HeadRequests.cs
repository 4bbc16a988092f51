namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Answers HEAD wherever GET is answered (RFC 9110 §9.1): routed and served as GET, with the same status and headers. The server sends no body, since it
/// remembers how the request came; so do records and proofs (<see cref="RequestFacts.Method"/>).
/// </summary>
internal sealed class HeadRequests(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) => HttpMethods.IsHead(context.Request.Method) ? ServeAsync(context) : next(context);

    private async Task ServeAsync(HttpContext context)
    {
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Method = HttpMethods.Head; // as traces and metrics shall have it
        }
    }
}
