using System.Globalization;
using System.Text;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Scale;

namespace Tokenry.Benchmarks.Reports;

/// <summary>A report as it is kept under <c>benchmarks/results</c>.</summary>
internal static class Markdown
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static string Of(Report report)
    {
        var text = new StringBuilder();
        text.Append(Culture, $"# {report.At:yyyy-MM-dd}\n\n");
        text.Append(Culture, $"Commit {report.Commit}, {report.Machine}; `./bench` took {report.Took:mm\\:ss}.\n");
        text.Append(
            Culture,
            $"One core alone: {report.Crypto.Es256Signs:N0} ES256 signatures/s, {report.Crypto.Rs256Signs:N0} RS256 signatures/s, {report.Crypto.Es256Verifies:N0} ES256 verifications/s, {report.Crypto.Hmacs:N0} HMACs/s.\n\n"
        );
        if (report.Rows.Count > 0)
        {
            Ratios(text, report.Rows);
            Details(text, report.Rows);
        }

        StartAndMemory(text, report);
        ScaleOf(text, report.Scale);
        text.Append(ScalingText.Of(report.Scaling));
        return text.ToString();
    }

    private static void Ratios(StringBuilder text, IReadOnlyList<Row> rows)
    {
        text.Append(
            "## Ratios\n\nRequests per second of the server's processor time, slice beside slice; the goal in brackets, **missed** ones bold.\n\n"
        );
        text.Append("| path | of the limit | limit | PostgreSQL to SQLite | times a peer |\n|---|---|---|---|---|\n");
        foreach (var row in rows)
        {
            var peers = string.Join(", ", row.ToPeers.Select(ratio => $"{Shown(ratio, "F1")}× {ratio.To}"));
            var other = row.OtherOfOurs is { } engine ? Shown(engine, "F2") : "";
            text.Append(
                Culture,
                $"| {row.Comparison.Title} | {Shown(row.ToLimit, "F2")} | {row.Comparison.LimitName} | {other} | {peers} |\n"
            );
        }

        text.Append('\n');
        foreach (var row in rows.Where(row => row.Comparison.Note is not null))
        {
            text.Append(Culture, $"- {row.Comparison.Title}: {row.Comparison.Note}\n");
        }

        text.Append('\n');
    }

    private static string Shown(Ratio ratio, string format)
    {
        var value = ratio.Value.ToString(format, Culture);
        var goal = ratio.Goal > 0 ? string.Create(Culture, $" ({ratio.Goal})") : "";
        return ratio.IsMissed ? $"**{value}**{goal}" : value + goal;
    }

    private static void Details(StringBuilder text, IReadOnlyList<Row> rows)
    {
        text.Append(
            "## Measured\n\nServer on one core, load (wrk, 32 connections) on the other: medians of the slices. p50 and p99 are those of a server that is kept busy.\n\n"
        );
        text.Append(
            "| path | who | req/s | best | req/CPU-s | CPU µs | p50 ms | p99 ms | B/req | DB CPU µs | errors |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        foreach (var row in rows)
        {
            foreach (var series in row.All)
            {
                text.Append(
                    Culture,
                    $"| {row.Comparison.Title} | {series.Subject} | {series.PerSecond:N0} | {series.BestPerSecond:N0} | {series.PerCpuSecond:N0} | {series.CpuMicroseconds:F1} | {series.P50:F2} | {series.P99:F2} | {series.AllocatedPerRequest:N0} | {Cost(series)} | {series.Errors} |\n"
                );
            }
        }

        text.Append('\n');
    }

    private static string Cost(Series series) => series.DatabaseMicroseconds > 0 ? series.DatabaseMicroseconds.ToString("F1", Culture) : "";

    private static void StartAndMemory(StringBuilder text, Report report)
    {
        if (report.Start is { } start)
        {
            var missed = start.FirstToken > Goals.Start ? "**" : "";
            text.Append(
                Culture,
                $"## Start\n\nMedians of five, both cores. On an empty directory, until ready: {start.Fresh.TotalSeconds:F2} s. On a store that is there, until the first token: {missed}{start.FirstToken.TotalSeconds:F2} s{missed} ({Goals.Start.TotalSeconds}).\n\n"
            );
        }

        if (report.Memory.Count > 0)
        {
            text.Append("## Memory\n\nResident after all of the load above (200 MiB).\n\n");
            foreach (var (subject, bytes) in report.Memory)
            {
                var missed = bytes > Goals.Memory && subject.StartsWith("Tokenry", StringComparison.Ordinal) ? "**" : "";
                text.Append(Culture, $"- {subject}: {missed}{bytes / 1048576} MiB{missed}\n");
            }

            text.Append('\n');
        }
    }

    private static void ScaleOf(StringBuilder text, IReadOnlyList<ScaleResult> sizes)
    {
        if (sizes.Count == 0)
        {
            return;
        }

        text.Append(
            "## Stored credentials (SQLite)\n\nOne request after the other over one connection; cold = the first time since the start. Milliseconds, p50 / p99.\n\n"
        );
        text.Append(
            "| credentials | stored in | database | start | cold verify | warm verify | list page | revoke | memory |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        foreach (var size in sizes)
        {
            text.Append(
                Culture,
                $"| {size.Credentials:N0} | {size.Load.TotalSeconds:F0} s | {size.Bytes / 1048576:N0} MiB | {size.Start.TotalSeconds:F2} s | {Shown(size.Cold)} | {Shown(size.Warm)} | {Shown(size.List)} | {Shown(size.Revoke)} | {size.Memory / 1048576} MiB |\n"
            );
        }

        text.Append('\n');
        foreach (var size in sizes.Skip(1))
        {
            text.Append(
                Culture,
                $"- {size.Credentials:N0} to {sizes[0].Credentials:N0}: warm verify p50 {size.Warm.P50 / sizes[0].Warm.P50:F2}×, p99 {size.Warm.P99 / sizes[0].Warm.P99:F2}× (1.1); cold p99 {size.Cold.P99 / sizes[0].Cold.P99:F2}× (2).\n"
            );
        }
    }

    private static string Shown(Latencies latencies) => string.Create(Culture, $"{latencies.P50:F2} / {latencies.P99:F2}");
}
