namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Bytes of bodies that have begun and not ended, of senders the server does not know yet. All of them together are bounded, and not those of an
/// address: a proxy may stand in front of every client. A body that came whole holds nothing, so ordinary clients are served meanwhile.
/// </summary>
internal static class UnknownSenders
{
    /// <summary>Of all requests together.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    private static long held;

    /// <summary>What is held now.</summary>
    public static long HeldBytes => Interlocked.Read(ref held);

    /// <summary>Counts what one request keeps while it waits for more.</summary>
    /// <exception cref="OverloadedException">All together would be more than <see cref="MostBytes"/>.</exception>
    public static Share Hold(long bytes)
    {
        if (bytes > 0 && Interlocked.Add(ref held, bytes) > MostBytes)
        {
            Interlocked.Add(ref held, -bytes);
            throw new OverloadedException();
        }

        return new Share(bytes);
    }

    /// <summary>To be disposed of once, when the wait ends.</summary>
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
