namespace Tokenry.Protocol.Tests;

/// <summary>Counts what a call leaves on the heap of this thread, once the runtime has settled on the code.</summary>
internal static class Allocations
{
    /// <summary>
    /// The least of many runs. Unoptimised code boxes where optimised code does not, and is replaced in the background some time after its
    /// thirtieth call: so a run that allocates is tried again for a while before it counts.
    /// </summary>
    public static long Of(Action action)
    {
        var least = long.MaxValue;
        for (var attempt = 0; attempt < 60 && least > 0; attempt++)
        {
            for (var warmUp = 0; warmUp < 40; warmUp++)
            {
                action();
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Thread.Sleep(least > 0 ? 50 : 0);
        }

        return least;
    }
}
