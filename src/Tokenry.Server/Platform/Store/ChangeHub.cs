namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Passes committed changes to the caches of this process: its own after COMMIT and before the answer, those of other replicas when
/// <see cref="PostgresChangeFeed"/> has read them.
/// </summary>
public sealed class ChangeHub
{
    private readonly List<(string Kind, Action<string> Apply)> subscribers = [];
    private readonly List<Action> resets = [];
    private long position = -1;
    private volatile TaskCompletionSource? moved;

    /// <summary>
    /// The caches of this process hold every change up to this sequence number; -1 before the first is known. Read it <em>before</em> the facts of a decision
    /// (<see cref="Premise"/>).
    /// </summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>Call it only while the process starts.</summary>
    public void Subscribe(string kind, Action<string> apply, Action reset)
    {
        subscribers.Add((kind, apply));
        resets.Add(reset);
    }

    public void Publish(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            foreach (var (kind, apply) in subscribers)
            {
                if (kind == change.Kind)
                {
                    apply(change.Id);
                }
            }
        }
    }

    /// <summary>Records that the caches hold every change up to this sequence number.</summary>
    public void MoveTo(long sequence)
    {
        Volatile.Write(ref position, sequence);
        Interlocked.Exchange(ref moved, null)?.TrySetResult();
    }

    /// <summary>Waits until the caches hold the change with this number.</summary>
    /// <exception cref="StoreUnavailableException">The caches did not reach it in time.</exception>
    public async Task ReachedAsync(long sequence, TimeSpan patience)
    {
        while (Position < sequence)
        {
            var pulse = moved ?? Wait();
            if (Position >= sequence)
            {
                return;
            }

            try
            {
                await pulse.Task.WaitAsync(patience);
            }
            catch (TimeoutException exception)
            {
                throw new StoreUnavailableException("The server receives no changes from the store.", exception);
            }
        }
    }

    private TaskCompletionSource Wait()
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref moved, own, null) ?? own;
    }

    /// <summary>Drops all cached facts, because some changes can no longer be read.</summary>
    public void Reset()
    {
        foreach (var reset in resets)
        {
            reset();
        }
    }
}
