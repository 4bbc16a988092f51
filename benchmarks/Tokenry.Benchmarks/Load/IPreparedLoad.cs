namespace Tokenry.Benchmarks.Load;

/// <summary>The load of one slice, ready to begin: what it took to prepare is over before anything is measured.</summary>
public interface IPreparedLoad : IAsyncDisposable
{
    Task<LoadResult> RunAsync();
}

/// <summary>What one run of the load saw.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="Seconds">It took.</param>
/// <param name="Errors">Answers that were not 2xx, connections that broke, requests that were not there when their turn came.</param>
/// <param name="P50">Median of the answer times, in milliseconds.</param>
/// <param name="P99">99th percentile of them, in milliseconds.</param>
public sealed record LoadResult(long Requests, double Seconds, long Errors, double P50, double P99)
{
    public double PerSecond => Requests / Seconds;
}
