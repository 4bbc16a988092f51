using System.IO.Pipelines;

namespace Tokenry.Server.Foundation.Http;

/// <summary>Reading what a client sends, where every way of sending it wrong is the client's fault.</summary>
public static class RequestBody
{
    /// <summary>The next piece of the body.</summary>
    /// <exception cref="BadHttpRequestException">It cannot be read. Kestrel says so of most faults, but not of a chunk longer than 2 GiB.</exception>
    public static async ValueTask<ReadResult> ReadBodyAsync(this HttpRequest request)
    {
        try
        {
            return await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body cannot be read.", exception);
        }
    }
}
