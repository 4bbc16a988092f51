namespace Tokenry.Chaos.Tests.Support;

/// <summary>What is said of many measured times.</summary>
internal static class Durations
{
    /// <summary>The smallest value that so many of the values do not exceed: <c>0.99</c> of 200 values is the 198th.</summary>
    public static TimeSpan Percentile(this IEnumerable<TimeSpan> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0
            ? throw new InvalidOperationException("nothing was measured")
            : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * part) - 1)];
    }

    public static string Describe(this IEnumerable<TimeSpan> values)
    {
        var all = values.ToArray();
        return $"{all.Length} times: median {all.Percentile(0.5).TotalMilliseconds:0.0} ms, "
            + $"p99 {all.Percentile(0.99).TotalMilliseconds:0.0} ms, worst {all.Percentile(1).TotalMilliseconds:0.0} ms";
    }
}
