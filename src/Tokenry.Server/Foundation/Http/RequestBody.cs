using System.IO.Pipelines;

namespace Tokenry.Server.Foundation.Http;

/// <summary>Reading what a client sends, where every way of sending it wrong is the client's fault.</summary>
public static class RequestBody
{
    /// <summary>The next piece of the body.</summary>
    /// <exception cref="BadHttpRequestException">It cannot be read. Kestrel says so of most faults, but not of a chunk longer than 2 GiB.</exception>
    public static ValueTask<ReadResult> ReadBodyAsync(this HttpRequest request)
    {
        try
        {
            // Nearly every body comes together with its headers.
            return request.BodyReader.TryRead(out var there) ? new(there) : WaitAsync(request);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw CannotBeRead(exception);
        }
    }

    private static async ValueTask<ReadResult> WaitAsync(HttpRequest request)
    {
        try
        {
            return await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw CannotBeRead(exception);
        }
    }

    private static BadHttpRequestException CannotBeRead(IOException exception) => new("The body cannot be read.", exception);
}
