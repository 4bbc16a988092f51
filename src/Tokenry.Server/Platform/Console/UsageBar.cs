namespace Tokenry.Server.Platform.Console;

/// <summary>A bar of the chart of uses.</summary>
/// <param name="At">When its time starts.</param>
/// <param name="Granted">Uses that were granted.</param>
/// <param name="Refused">Uses that were refused.</param>
public sealed record UsageBar(DateTimeOffset At, long Granted, long Refused)
{
    public long All => Granted + Refused;
}
