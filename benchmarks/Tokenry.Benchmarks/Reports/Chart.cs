using System.Globalization;
using System.Text;

namespace Tokenry.Benchmarks.Reports;

/// <summary>The picture of the README: for each path a bar a subject, as long as what it serves for a second of processor time.</summary>
internal static class Chart
{
    private const int Left = 230;
    private const int Widest = 420;
    private const int Right = 90;
    private const int BarHeight = 16;
    private const int Gap = 4;
    private const int GroupGap = 22;

    public static string Of(Report report)
    {
        var rows = report.Rows.Where(row => row.Comparison.IsPictured).ToList();
        var bars = new StringBuilder();
        var y = 46;
        foreach (var row in rows)
        {
            bars.Append(CultureInfo.InvariantCulture, $"  <text class=\"path\" x=\"12\" y=\"{y}\">{Escape(row.Comparison.Title)}</text>\n");
            y += 8;
            (string Name, double Value, string Kind)[] entries =
            [
                ($"limit: {row.Comparison.LimitName}", row.Limit, "limit"),
                .. row.Ours.Select(series => (series.Subject, series.PerCpuSecond, "ours")),
                .. row.Peers.Select(series => (series.Subject, series.PerCpuSecond, "peer")),
            ];
            var most = entries.Max(entry => entry.Value);
            foreach (var (name, value, kind) in entries)
            {
                var width = Math.Max(1, value / most * Widest);
                bars.Append(
                    CultureInfo.InvariantCulture,
                    $"  <text class=\"name\" x=\"{Left - 8}\" y=\"{y + 12}\">{Escape(name)}</text><rect class=\"{kind}\" x=\"{Left}\" y=\"{y}\" width=\"{width:F1}\" height=\"{BarHeight}\" rx=\"2\"/><text class=\"value\" x=\"{Left + width + 6:F1}\" y=\"{y + 12}\">{value:N0}</text>\n"
                );
                y += BarHeight + Gap;
            }

            y += GroupGap;
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Left
                + Widest
                + Right}} {{y}}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Requests per second of processor time">
              <style>
                text { fill: #24292f } .name { text-anchor: end; font-size: 11px } .path, .title { font-weight: 600 } .value { font-size: 11px }
                .limit { fill: #d0d7de } .ours { fill: #0a7d55 } .peer { fill: #8c6d1f }
                @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .limit { fill: #484f58 } .ours { fill: #2fb380 } .peer { fill: #c69f3f } }
              </style>
              <text class="title" x="12" y="20">Requests per second of the server's processor time, {{report.At:yyyy-MM-dd}}</text>
            {{bars}}</svg>

            """
        );
    }

    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
