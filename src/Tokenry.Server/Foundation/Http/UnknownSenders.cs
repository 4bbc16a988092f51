namespace Tokenry.Server.Foundation.Http;

/// <summary>
/// Bytes of bodies that have begun and not ended, of senders the server does not know yet. All of them together are bounded, and not those of an
/// address: a proxy may stand in front of everybody. A body that came whole takes nothing, so ordinary clients are served meanwhile.
/// </summary>
internal static class UnknownSenders
{
    /// <summary>Of all requests together.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    private static long held;

    /// <summary>What is held now.</summary>
    public static long HeldBytes => Interlocked.Read(ref held);

    /// <summary>What one request holds; to be released however its reading ends.</summary>
    public struct Share
    {
        private long mine;

        /// <param name="bytes">All that this request has waiting now.</param>
        /// <exception cref="OverloadedException">All together would be more than <see cref="MostBytes"/>.</exception>
        public void Hold(long bytes)
        {
            var more = bytes - mine;
            if (more == 0)
            {
                return;
            }

            mine = bytes;
            if (Interlocked.Add(ref held, more) > MostBytes && more > 0)
            {
                throw new OverloadedException();
            }
        }

        public void Release()
        {
            Interlocked.Add(ref held, -mine);
            mine = 0;
        }
    }
}
