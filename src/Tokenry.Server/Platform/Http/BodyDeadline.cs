using System.IO.Pipelines;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// How long a body may take in all. Kestrel's least rate alone lets a client send most of it at once and then one byte now and then for minutes, while the
/// server holds what it has.
/// </summary>
internal sealed class BodyDeadline(TimeProvider time)
{
    /// <summary>For bodies of up to <see cref="Small"/> bytes; each further <see cref="Small"/> bytes that have come add a second.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(10);

    public const int Small = 16 * 1024;

    private readonly long startedAt = time.GetTimestamp();

    /// <summary>Of a request, from the first time that it had to wait for its body.</summary>
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

    /// <summary>Waits for the next piece.</summary>
    /// <param name="reader">The body.</param>
    /// <param name="received">Bytes that have come.</param>
    /// <param name="aborted">The client is gone.</param>
    /// <exception cref="BadHttpRequestException">408: the time is over.</exception>
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

    private static BadHttpRequestException TooSlow() => new("The body did not come in time.", StatusCodes.Status408RequestTimeout);
}
