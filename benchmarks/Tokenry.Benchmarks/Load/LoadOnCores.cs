namespace Tokenry.Benchmarks.Load;

/// <summary>Several loads at once, each on a core of its own.</summary>
internal sealed class LoadOnCores(IReadOnlyList<IPreparedLoad> loads) : IPreparedLoad
{
    public async Task<LoadResult> RunAsync()
    {
        var results = await Task.WhenAll(loads.Select(load => load.RunAsync()));
        return new LoadResult(
            results.Sum(result => result.Requests),
            results.Max(result => result.Seconds),
            results.Sum(result => result.Errors),
            results.Average(result => result.P50),
            results.Max(result => result.P99)
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var load in loads)
        {
            await load.DisposeAsync();
        }
    }
}
