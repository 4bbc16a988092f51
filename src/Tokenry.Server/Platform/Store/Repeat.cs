namespace Tokenry.Server.Platform.Store;

/// <summary>Repeats the work of a background service until the server stops.</summary>
internal static class Repeat
{
    /// <param name="interval">The time before each run, also before the first. A run that takes longer than this delays the next.</param>
    /// <param name="time">The clock.</param>
    /// <param name="work">One run. An exception that leaves it ends the server.</param>
    /// <param name="stopping">Ends the repetition.</param>
    public static async Task EveryAsync(TimeSpan interval, TimeProvider time, Func<Task> work, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await work();
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    /// <summary>The same work, of which a run is skipped while the store is away.</summary>
    /// <param name="work">One run.</param>
    /// <param name="skipped">Called with the reason.</param>
    public static Func<Task> UnlessStoreIsAway(Func<Task> work, Action<string> skipped) =>
        async () =>
        {
            try
            {
                await work();
            }
            catch (StoreUnavailableException exception)
            {
                skipped(exception.Message);
            }
        };
}
