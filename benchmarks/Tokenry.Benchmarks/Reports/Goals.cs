namespace Tokenry.Benchmarks.Reports;

/// <summary>What is asked besides the ratios of each path (its own are in <see cref="Comparison"/>).</summary>
public static class Goals
{
    /// <summary>PostgreSQL to SQLite, warm.</summary>
    public const double OtherEngine = 0.9;

    /// <summary>From the start of the process to the first token.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(1);

    /// <summary>Resident, after all of the load.</summary>
    public const long Memory = 200L * 1024 * 1024;
}
