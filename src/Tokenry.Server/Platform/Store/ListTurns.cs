namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Limits how many lists run at once. A list may be expensive, and any caller with the weakest scope may request one. So few run at a time, and one principal
/// never has more than half of the turns.
/// </summary>
internal sealed class ListTurns(int most, TimeProvider time)
{
    /// <summary>How long a list waits for its turn.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The most lists that may wait; the server refuses more at once.</summary>
    private const int MostWaiting = 1000;

    /// <summary>The most waiting lists of one principal, so that none takes the places of others.</summary>
    private const int MostWaitingOfOne = 50;

    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> waiting = [];
    private readonly Dictionary<string, int> waitingOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> running = new(StringComparer.Ordinal);
    private int runningAll;

    /// <summary>The most running lists of one principal.</summary>
    private int MostOfOne { get; } = Math.Max(1, most / 2);

    /// <exception cref="ListsBusyException">The list got no turn in time.</exception>
    public async Task<T> RunAsync<T>(string principal, Func<Task<T>> list)
    {
        await TakeAsync(principal);
        try
        {
            return await list();
        }
        finally
        {
            Give(principal);
        }
    }

    private async ValueTask TakeAsync(string principal)
    {
        Waiter waiter;
        lock (gate)
        {
            if (MayRun(principal))
            {
                Begin(principal);
                return;
            }

            if (waiting.Count >= MostWaiting || waitingOf.GetValueOrDefault(principal) >= MostWaitingOfOne)
            {
                throw new ListsBusyException();
            }

            waiter = new Waiter(principal);
            waiting.AddLast(waiter);
            Add(waitingOf, principal, 1);
        }

        try
        {
            await waiter.Turn.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            lock (gate)
            {
                if (waiting.Remove(waiter))
                {
                    Add(waitingOf, principal, -1);
                    throw new ListsBusyException();
                }
            }

            // The turn came at the last moment.
        }
    }

    private void Give(string principal)
    {
        lock (gate)
        {
            runningAll--;
            Add(running, principal, -1);

            for (var node = waiting.First; node is not null && runningAll < most; )
            {
                var next = node.Next;
                if (MayRun(node.Value.Principal))
                {
                    waiting.Remove(node);
                    Add(waitingOf, node.Value.Principal, -1);
                    Begin(node.Value.Principal);
                    node.Value.Turn.SetResult();
                }

                node = next;
            }
        }
    }

    private bool MayRun(string principal) => runningAll < most && running.GetValueOrDefault(principal) < MostOfOne;

    private void Begin(string principal)
    {
        runningAll++;
        Add(running, principal, 1);
    }

    private static void Add(Dictionary<string, int> counts, string principal, int more)
    {
        var now = counts.GetValueOrDefault(principal) + more;
        if (now == 0)
        {
            counts.Remove(principal);
        }
        else
        {
            counts[principal] = now;
        }
    }

    private sealed class Waiter(string principal)
    {
        public string Principal { get; } = principal;

        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
