namespace Tokenry.Server.Platform.Store;

/// <summary>Threads of the pool that stores hold while they wait: as many more are there at once, or the answers that need no store wait for theirs.</summary>
internal static class PoolThreads
{
    private const int MostMore = 64;

    public static void KeepMore(int held)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + Math.Min(held, MostMore)), ports);
    }
}
