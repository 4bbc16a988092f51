using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The threads on which SQLite reads lists. It reads without ever awaiting: on threads of the pool, a few lists would hold up every answer. They are as many as lists
/// may run at once, and stay: a thread for each list would cost more than most lists do.
/// </summary>
/// <param name="most">How many.</param>
internal sealed class ListThreads(int most) : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> waiting = [];
    private int started;

    public override int MaximumConcurrencyLevel => most;

    /// <summary>What comes after an await in <paramref name="read"/> runs on the pool.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> read) =>
        Task
            .Factory.StartNew(read, CancellationToken.None, TaskCreationOptions.DenyChildAttach | TaskCreationOptions.HideScheduler, this)
            .Unwrap();

    public void Dispose() => waiting.CompleteAdding();

    protected override void QueueTask(Task task)
    {
        waiting.Add(task);
        if (Volatile.Read(ref started) < most && Interlocked.Increment(ref started) <= most)
        {
            new Thread(Work) { IsBackground = true, Name = "tokenry-list" }.Start();
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => waiting;

    private void Work()
    {
        foreach (var task in waiting.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
