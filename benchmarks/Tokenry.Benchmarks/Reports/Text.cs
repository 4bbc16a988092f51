using System.Globalization;
using System.Text;
using Tokenry.Benchmarks.Measuring;

namespace Tokenry.Benchmarks.Reports;

/// <summary>What is printed while the suite runs.</summary>
internal static class Text
{
    public static string Row(Row row)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\n{row.Comparison.Title}\n");
        text.AppendLine("                               req/s   best  req/CPU-s  CPU µs   p50 ms   p99 ms    B/req  DB µs");
        foreach (var series in row.All)
        {
            text.AppendLine(Line(series));
        }

        text.Append(CultureInfo.InvariantCulture, $"  limit: {row.Comparison.LimitName} {row.Limit, 8:F0} /CPU-s\n");
        IEnumerable<Ratio> ratios = row.OtherOfOurs is { } other ? [row.ToLimit, .. row.ToPeers, other] : [row.ToLimit, .. row.ToPeers];
        foreach (var ratio in ratios)
        {
            var goal =
                ratio.Goal > 0
                    ? string.Create(CultureInfo.InvariantCulture, $" (asked: {ratio.Goal}{(ratio.IsMissed ? ", missed" : "")})")
                    : "";
            text.Append(CultureInfo.InvariantCulture, $"  × {ratio.To}: {ratio.Value:F2}{goal}\n");
        }

        if (row.Comparison.Note is { } note)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {note}\n");
        }

        return text.ToString();
    }

    private static string Line(Series series) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"  {series.Subject, -26} {series.PerSecond, 7:F0} {series.BestPerSecond, 6:F0} {series.PerCpuSecond, 10:F0} {series.CpuMicroseconds, 7:F1} {series.P50, 8:F2} {series.P99, 8:F2} {series.AllocatedPerRequest, 8:F0} {series.DatabaseMicroseconds, 6:F1}"
        ) + (series.Errors > 0 ? string.Create(CultureInfo.InvariantCulture, $"  {series.Errors} ERRORS") : "");
}
