using System.IO.Pipelines;

namespace Tokenry.Server.Platform.Http;

/// <summary>Reading what a client sends, where every way of sending it wrong is the client's fault.</summary>
public static class RequestBody
{
    /// <summary>The next piece of the body, within its <see cref="BodyDeadline"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="received">Bytes that have come before and were kept.</param>
    /// <exception cref="BadHttpRequestException">
    /// It cannot be read: Kestrel says so of most faults, but not of a chunk longer than 2 GiB. 408: it did not come in time.
    /// </exception>
    /// <exception cref="OverloadedException">Too many bytes of senders that are not known yet wait for the rest.</exception>
    public static ValueTask<ReadResult> ReadBodyAsync(this HttpRequest request, long received)
    {
        try
        {
            // Nearly every body comes together with its headers.
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
