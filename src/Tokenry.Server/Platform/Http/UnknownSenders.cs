namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Counts the bytes of unfinished bodies from senders that the server does not know yet. The limit applies to all of them together and not per address, because
/// a proxy may be in front of every client. A body that arrived completely is not counted, so ordinary clients are served meanwhile.
/// </summary>
internal static class UnknownSenders
{
    /// <summary>The limit for all requests together.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    private static long held;

    /// <summary>The number of bytes held now.</summary>
    public static long HeldBytes => Interlocked.Read(ref held);

    /// <summary>Counts the bytes that one request holds while it waits for more.</summary>
    /// <exception cref="OverloadedException">All requests together would hold more than <see cref="MostBytes"/>.</exception>
    public static Share Hold(long bytes)
    {
        if (bytes > 0 && Interlocked.Add(ref held, bytes) > MostBytes)
        {
            Interlocked.Add(ref held, -bytes);
            throw new OverloadedException();
        }

        return new Share(bytes);
    }

    /// <summary>Dispose it exactly once, when the wait ends.</summary>
    public readonly record struct Share(long Bytes) : IDisposable
    {
        public void Dispose()
        {
            if (Bytes > 0)
            {
                Interlocked.Add(ref held, -Bytes);
            }
        }
    }
}
