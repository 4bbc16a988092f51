using System.IO.Pipelines;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Limits the total time for a body. With Kestrel's minimum rate alone, a client could send most of the body at once and then single bytes for minutes, while
/// the server holds what it received.
/// </summary>
internal sealed class BodyDeadline(TimeProvider time)
{
    /// <summary>The time for a body of up to <see cref="Small"/> bytes. Each further <see cref="Small"/> bytes received add a second.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(10);

    public const int Small = 16 * 1024;

    private readonly long startedAt = time.GetTimestamp();

    /// <summary>The deadline of a request; it starts when the request first waits for its body.</summary>
    public static BodyDeadline Of(HttpContext context)
    {
        if (context.Features[typeof(BodyDeadline)] is BodyDeadline known)
        {
            return known;
        }

        var begun = new BodyDeadline(context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System);
        context.Features[typeof(BodyDeadline)] = begun;
        return begun;
    }

    /// <summary>Waits for the next part.</summary>
    /// <param name="reader">The body.</param>
    /// <param name="received">The number of bytes received so far.</param>
    /// <param name="aborted">Cancelled when the client disconnects.</param>
    /// <exception cref="BadHttpRequestException">408: the time has run out.</exception>
    public async ValueTask<ReadResult> ReadAsync(PipeReader reader, long received, CancellationToken aborted)
    {
        var left = Least + TimeSpan.FromSeconds((double)Math.Max(0, received - Small) / Small) - time.GetElapsedTime(startedAt);
        if (left <= TimeSpan.Zero)
        {
            throw TooSlow();
        }

        using var deadline = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            return await reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw TooSlow();
        }
    }

    private static BadHttpRequestException TooSlow() => new("The body did not arrive in time.", StatusCodes.Status408RequestTimeout);
}
