using System.Collections.Concurrent;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The threads on which SQLite reads lists. A SQLite read never yields its thread, so on the thread pool a few lists would delay every answer. There are as
/// many threads as lists may run at once. They are kept, because a new thread for each list would cost more than most lists.
/// </summary>
/// <param name="most">The number of threads.</param>
internal sealed class ListThreads(int most) : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> waiting = [];
    private int started;

    public override int MaximumConcurrencyLevel => most;

    /// <summary>Runs <paramref name="read"/>; its continuations after an await run on the thread pool.</summary>
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
