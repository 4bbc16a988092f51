namespace Tokenry.Testing;

/// <summary>Counts what a call leaves on the heap of this thread, once the runtime has settled on the code.</summary>
public static class Allocations
{
    /// <summary>With the pause after each: one minute, longer than the other tests of a module keep the compiler busy.</summary>
    private const int MostAttempts = 1200;

    /// <summary>
    /// The least of many runs. Unoptimised code boxes where optimised code does not. The runtime replaces it in the background after its thirtieth call, but
    /// not while other tests bring new code to compile. So a run that allocates is tried again until the whole suite must have settled.
    /// </summary>
    /// <param name="action">A call that runs on the calling thread to its end.</param>
    public static async Task<long> OfAsync(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var least = long.MaxValue;
        for (var attempt = 0; attempt < MostAttempts && least > 0; attempt++)
        {
            for (var warmUp = 0; warmUp < 40; warmUp++)
            {
                action();
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            if (least > 0)
            {
                await Task.Delay(50);
            }
        }

        return least;
    }
}
