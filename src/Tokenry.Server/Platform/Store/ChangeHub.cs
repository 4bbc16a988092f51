namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Hands committed changes to the caches of this process: its own after COMMIT and before the answer,
/// those of other replicas when <see cref="PostgresChangeFeed"/> has read them.
/// </summary>
public sealed class ChangeHub
{
    private readonly List<(string Kind, Action<string> Apply)> subscribers = [];
    private readonly List<Action> resets = [];
    private long position = -1;
    private volatile TaskCompletionSource? moved;

    /// <summary>
    /// The sequence number up to which the caches of this process hold every change; -1 before the first is known. Read it <em>before</em> the
    /// facts that a decision is made from (<see cref="Premise"/>).
    /// </summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>Call while the process starts; not afterwards.</summary>
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

    /// <summary>The caches hold all that was committed up to there.</summary>
    public void MoveTo(long sequence)
    {
        Volatile.Write(ref position, sequence);
        Interlocked.Exchange(ref moved, null)?.TrySetResult();
    }

    /// <summary>Waits until the caches hold the change of that number.</summary>
    /// <exception cref="StoreUnavailableException">They do not within the time.</exception>
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
                throw new StoreUnavailableException("Changes of the store do not arrive.", exception);
            }
        }
    }

    private TaskCompletionSource Wait()
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref moved, own, null) ?? own;
    }

    /// <summary>Forgets everything: some changes can no longer be read.</summary>
    public void Reset()
    {
        foreach (var reset in resets)
        {
            reset();
        }
    }
}
