using System.Diagnostics;

namespace Tokenry.Benchmarks.Scale;

/// <summary>Answer times of one request after the other, in milliseconds.</summary>
public sealed record Latencies(double P50, double P99)
{
    /// <summary>Runs each once and sorts what they took.</summary>
    public static async Task<Latencies> OfAsync<T>(IEnumerable<T> each, Func<T, Task> act)
    {
        var times = new List<double>();
        foreach (var item in each)
        {
            var started = Stopwatch.GetTimestamp();
            await act(item);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        times.Sort();
        return new Latencies(times[times.Count / 2], times[times.Count * 99 / 100]);
    }
}
