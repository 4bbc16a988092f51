namespace Tokenry.Server.Platform.Store;

/// <summary>Adds threads to the pool for those that stores block while they wait. Otherwise answers that need no store would wait for these threads.</summary>
internal static class PoolThreads
{
    private const int MostMore = 64;

    public static void KeepMore(int held)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + Math.Min(held, MostMore)), ports);
    }
}
