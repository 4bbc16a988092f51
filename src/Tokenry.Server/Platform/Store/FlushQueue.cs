using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Writes rows in chunks, each exactly once: a chunk keeps its name until its outcome is known, and the transaction that writes it claims the
/// name. A commit whose answer was lost is so not added twice. A row that the store does not take is dropped alone, and said.
/// </summary>
public sealed partial class FlushQueue<T>(Database database, TimeProvider time, ILogger logger, int step)
{
    private static readonly TimeSpan NamesKept = TimeSpan.FromMinutes(15);

    private readonly LinkedList<Chunk> waiting = new();

    /// <summary>Whether there are rows whose outcome is not known.</summary>
    public bool HasWaiting => waiting.Count > 0;

    /// <summary>Writes what waits; takes more only when nothing does, so that an outage gathers where memory is bounded.</summary>
    /// <param name="drain">The rows since the last time.</param>
    /// <param name="write">Writes them; touches nothing but the transaction, since it may go on when nobody waits for it any more.</param>
    /// <param name="written">Told once for each chunk that is done; <c>false</c> if it was in the store already, or is left out.</param>
    /// <exception cref="StoreUnavailableException">The rest waits for the next time.</exception>
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
                // Nothing of it was written. One by one, all but the bad ones are.
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

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "The store does not take a row of {Rows} ({Exception}); it is left out.")]
    private partial void LogDropped(string exception, string rows);

    private sealed record Chunk(IReadOnlyList<T> Rows)
    {
        public byte[] Name { get; } = RandomNumberGenerator.GetBytes(32);
    }
}
