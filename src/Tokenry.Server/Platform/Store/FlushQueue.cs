using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Writes rows in chunks, each exactly once. A chunk keeps its name until its outcome is known, and the transaction that writes it claims the name. So a commit
/// with a lost answer is not repeated. If the store refuses a row, the queue drops only this row and logs it.
/// </summary>
public sealed partial class FlushQueue<T>(Database database, TimeProvider time, ILogger logger, int step)
{
    private static readonly TimeSpan NamesKept = TimeSpan.FromMinutes(15);

    private readonly LinkedList<Chunk> waiting = new();

    /// <summary>Whether there are rows with an unknown outcome.</summary>
    public bool HasWaiting => waiting.Count > 0;

    /// <summary>
    /// Writes the waiting chunks. It takes new rows only if none wait, so that in an outage rows gather where they are aggregated, in bounded memory.
    /// </summary>
    /// <param name="drain">Returns the rows since the last call.</param>
    /// <param name="write">Writes the rows. It must use only the transaction, because it may continue after its caller stopped waiting.</param>
    /// <param name="written">Called once for each finished chunk; <c>false</c> if the store had it already, or if it was dropped.</param>
    /// <exception cref="StoreUnavailableException">The remaining rows wait for the next call.</exception>
    public async Task RunAsync(
        Func<IReadOnlyList<T>> drain,
        Func<WriteTransaction, IReadOnlyList<T>, Task> write,
        Action<IReadOnlyList<T>, bool>? written = null
    )
    {
        if (waiting.Count == 0)
        {
            foreach (var rows in drain().Chunk(step))
            {
                waiting.AddLast(new Chunk(rows));
            }
        }

        while (waiting.First is { Value: var chunk } first)
        {
            try
            {
                var isNew = await database.WriteAsync(tx => OnceAsync(tx, chunk, write));
                written?.Invoke(chunk.Rows, isNew);
            }
            catch (Exception exception) when (exception is not (StoreUnavailableException or OperationCanceledException))
            {
                // The store took nothing of the chunk. Written one by one, all rows but the bad ones succeed.
                if (chunk.Rows.Count > 1)
                {
                    foreach (var row in chunk.Rows)
                    {
                        waiting.AddBefore(first, new Chunk([row]));
                    }
                }
                else
                {
                    written?.Invoke(chunk.Rows, false);
                    LogDropped(exception.GetType().Name, typeof(T).Name);
                }
            }

            waiting.Remove(first);
        }
    }

    private async Task<bool> OnceAsync(WriteTransaction tx, Chunk chunk, Func<WriteTransaction, IReadOnlyList<T>, Task> write)
    {
        var isNew = await SingleUse.ClaimAsync(tx, "flush", chunk.Name, (time.GetUtcNow() + NamesKept).ToUnixTimeMilliseconds());
        if (isNew)
        {
            await write(tx, chunk.Rows);
        }

        return isNew;
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Error,
        Message = "The store refused a row of {Rows} ({Exception}). The server drops this row."
    )]
    private partial void LogDropped(string exception, string rows);

    private sealed record Chunk(IReadOnlyList<T> Rows)
    {
        public byte[] Name { get; } = RandomNumberGenerator.GetBytes(32);
    }
}
