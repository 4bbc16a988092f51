namespace Tokenry.Benchmarks.Subjects;

/// <summary>Where a subject and its load run.</summary>
/// <param name="Server">The subject's cores, as <c>taskset -c</c> has them.</param>
/// <param name="ServerCores">How many those are, from the first on.</param>
/// <param name="Load">A load on each of these.</param>
public sealed record Placement(string Server, int ServerCores, IReadOnlyList<string> Load)
{
    /// <summary>The subject on one core, the load on the other.</summary>
    public static readonly Placement Apart = new(Cores.Server, 1, [Cores.Load]);

    /// <summary>Subject and load share one core.</summary>
    public static readonly Placement OnOne = new("0", 1, ["0"]);

    /// <summary>The subject on two cores, a load on each.</summary>
    public static readonly Placement OnTwo = new("0-1", 2, ["0", "1"]);
}
