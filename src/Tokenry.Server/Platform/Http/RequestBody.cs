using System.IO.Pipelines;

namespace Tokenry.Server.Platform.Http;

/// <summary>Reads what a client sends. Every malformed body is an error of the client.</summary>
public static class RequestBody
{
    /// <summary>Reads the next part of the body, within its <see cref="BodyDeadline"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="received">The number of bytes received before and kept.</param>
    /// <exception cref="BadHttpRequestException">
    /// 400: the body cannot be read. Kestrel reports most such errors itself, but not a chunk longer than 2 GiB. 408: it did not arrive in time.
    /// </exception>
    /// <exception cref="OverloadedException">Too many bytes of unknown senders are waiting for the rest.</exception>
    public static ValueTask<ReadResult> ReadBodyAsync(this HttpRequest request, long received)
    {
        try
        {
            // Nearly every body arrives together with its headers.
            return request.BodyReader.TryRead(out var there) ? new(there) : WaitAsync(request, received);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw CannotBeRead(exception);
        }
    }

    private static async ValueTask<ReadResult> WaitAsync(HttpRequest request, long received)
    {
        var isKnown = RequestFacts.Of(request.HttpContext).IsFromKnownCaller;
        using var share = UnknownSenders.Hold(isKnown ? 0 : received);
        try
        {
            return await BodyDeadline.Of(request.HttpContext).ReadAsync(request.BodyReader, received, request.HttpContext.RequestAborted);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw CannotBeRead(exception);
        }
    }

    private static BadHttpRequestException CannotBeRead(IOException exception) => new("The body cannot be read.", exception);
}
