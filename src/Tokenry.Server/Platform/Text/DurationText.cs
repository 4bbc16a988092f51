using System.Globalization;

namespace Tokenry.Server.Platform.Text;

/// <summary>A duration as people write it: a whole number and a unit, <c>20s</c>, <c>10m</c>, <c>24h</c>, <c>90d</c>.</summary>
public static class DurationText
{
    private const int Most = 1_000_000;

    /// <summary>False for any other text, and for zero.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (
            text.Length < 2
            || !int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number is 0 or > Most
        )
        {
            return false;
        }

        duration = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => default,
        };
        return duration != default;
    }

    /// <summary>Writes it in the largest unit that gives a whole number.</summary>
    public static string Write(TimeSpan duration) =>
        duration.Ticks % TimeSpan.TicksPerDay == 0 ? $"{duration.Days}d"
        : duration.Ticks % TimeSpan.TicksPerHour == 0 ? $"{duration.Ticks / TimeSpan.TicksPerHour}h"
        : duration.Ticks % TimeSpan.TicksPerMinute == 0 ? $"{duration.Ticks / TimeSpan.TicksPerMinute}m"
        : $"{duration.Ticks / TimeSpan.TicksPerSecond}s";
}
