using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Core.Usage;

/// <summary>Counts of uses as the bars of a chart, one a step, with those of zero.</summary>
public static class UsageBars
{
    /// <param name="counts">Counts with their codes.</param>
    /// <param name="from">When the first bar starts.</param>
    /// <param name="to">The end of the last bar.</param>
    /// <param name="step">The length of a bar; whole hours.</param>
    public static IReadOnlyList<UsageBar> Of(IEnumerable<UsageCount> counts, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        var bars = new List<UsageBar>();
        for (var at = from; at < to; at += step)
        {
            bars.Add(new UsageBar(at, 0, 0));
        }

        foreach (var count in counts)
        {
            var index = (int)Math.Floor((count.At - from) / step);
            if (index < 0 || index >= bars.Count)
            {
                continue;
            }

            bars[index] = IsGranted(count.Code)
                ? bars[index] with
                {
                    Granted = bars[index].Granted + count.Count,
                }
                : bars[index] with
                {
                    Refused = bars[index].Refused + count.Count,
                };
        }

        return bars;
    }

    private static bool IsGranted(string? code) => code == VerificationCode.Valid || code == Use.Issued.Name;
}
