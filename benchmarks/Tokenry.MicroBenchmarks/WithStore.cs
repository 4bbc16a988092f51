using BenchmarkDotNet.Attributes;

namespace Tokenry.MicroBenchmarks;

/// <summary>A piece that needs an opened store, or what is loaded from one. BenchmarkDotNet awaits no setup in this process, so here it is waited for.</summary>
public abstract class WithStore
{
    private protected OpenedStore Store { get; private set; } = null!;

    [GlobalSetup]
    public void SetUp()
    {
        Store = OpenedStore.CreateAsync().GetAwaiter().GetResult();
        try
        {
            PrepareAsync().GetAwaiter().GetResult();
        }
        catch
        {
            CleanUp();
            throw;
        }
    }

    [GlobalCleanup]
    public void CleanUp() => Store.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Makes the samples and refuses those that are not what they are called, since they would measure something else.</summary>
    protected abstract Task PrepareAsync();
}
