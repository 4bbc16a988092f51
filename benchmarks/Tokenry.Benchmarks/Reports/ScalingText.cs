using System.Globalization;
using System.Text;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Scaling;

namespace Tokenry.Benchmarks.Reports;

/// <summary>How the server does on two cores, as it is kept and printed.</summary>
internal static class ScalingText
{
    private const string Heading = """
        ## One core and two

        Each core of the server has a load of its own, wrk with 32 connections, which shares it: with the second core everything doubles. Compared are requests per
        second of the processor time that the server used or left idle, so that neither the load nor other processes are in the ratio; in brackets, per second of what
        it used. The parallel fraction p is Amdahl's, S(n) = 1/(1 - p + p/n). 1 - p is also σ + 2κ of the Universal Scalability Law, which two points cannot
        tell apart. The web server's echo is the control: what it loses is the kernel's and the machine's. The last column is of the processor time beyond that echo.

        | path | cores | req/s | CPU µs | idle | two cores serve | parallel fraction | p beyond the echo |
        |---|--:|--:|--:|--:|--:|--:|--:|

        """;

    public static string Of(IReadOnlyList<ScalingRow> rows)
    {
        if (rows.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder(Heading);
        var echo = rows[^1];
        foreach (var row in rows)
        {
            text.Append(Line(row.Title, "1", row.One)).Append(" | | |\n");
            text.Append(Line(row.Title, "2", row.Two))
                .Append(
                    CultureInfo.InvariantCulture,
                    $" {row.SpeedUp:F2}× ({row.SpeedUpByCost:F2}×) | {ScalingRow.ParallelFraction(row.SpeedUp):F2} ({ScalingRow.ParallelFraction(row.SpeedUpByCost):F2}) | {(row == echo ? "" : Shown(ScalingRow.ParallelFraction(row.SpeedUpBeyond(echo))))} |\n"
                );
        }

        return text.Append('\n').ToString();
    }

    private static string Shown(double fraction) => fraction.ToString("F2", CultureInfo.InvariantCulture);

    private static string Line(string title, string cores, Series series) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {title} | {cores} | {series.PerSecond:N0} | {series.CpuMicroseconds:F1} | {series.IdleShare * 100:F0} % |"
        );
}
