namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Answers HEAD wherever GET works (RFC 9110 §9.1): it routes and serves it as GET, with the same status and headers. The server sends no body, because it
/// remembers the original method; so do records and proofs (<see cref="RequestFacts.Method"/>).
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
            context.Request.Method = HttpMethods.Head; // for traces and metrics
        }
    }
}
