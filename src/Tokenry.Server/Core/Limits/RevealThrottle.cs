namespace Tokenry.Server.Core.Limits;

/// <summary>Limits how many secrets a principal reveals: 20 at once, and then one in 30 seconds. Each replica counts in its own memory.</summary>
public sealed class RevealThrottle(TimeProvider time)
{
    private readonly AttemptMeter meter = new(time, attempts: 20, TimeSpan.FromSeconds(30));

    /// <summary>Counts a secret.</summary>
    /// <returns>The time to wait if there were too many; otherwise zero.</returns>
    public TimeSpan Count(string principalId) => meter.Count(principalId.GetHashCode(StringComparison.Ordinal));
}
