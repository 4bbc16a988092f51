using System.Diagnostics;
using System.Globalization;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Reports;
using Tokenry.Benchmarks.Scale;
using Tokenry.Benchmarks.Scaling;
using Tokenry.Testing;

namespace Tokenry.Benchmarks;

/// <summary>One run: everything that was asked for, and where it is kept.</summary>
internal static class Run
{
    private static readonly int[] Sizes = [10_000, 1_000_000];
    private const int LargestSize = 10_000_000;

    public static async Task<Report> MeasureAsync(BenchOptions options, TextWriter console)
    {
        var watch = Stopwatch.StartNew();
        var crypto = await CryptoLimits.MeasureAsync();
        await console.WriteLineAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"One core alone: {crypto.Es256Signs:F0} ES256 signatures/s, {crypto.Rs256Signs:F0} RS256 signatures/s, {crypto.Es256Verifies:F0} ES256 verifications/s, {crypto.Hmacs:F0} HMACs/s"
            )
        );
        StartTime? start = null;
        if (options.Wants("start"))
        {
            await console.WriteLineAsync("Starting and stopping the server, five times …");
            start = await StartTime.MeasureAsync(Engine.Sqlite);
            await console.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  fresh {start.Fresh.TotalSeconds:F2} s until ready; again {start.FirstToken.TotalSeconds:F2} s until the first token"
                )
            );
        }

        await using var suite = new Suite(options, console);
        var rows = await suite.MeasureAsync(crypto);
        var memory = suite.Memory();
        await suite.DisposeAsync();
        IReadOnlyList<ScalingRow> scaling = [];
        if (options.Wants("scaling"))
        {
            await console.WriteLineAsync("The server on one core and on two …");
            scaling = await ScalingRun.MeasureAsync(options.Short);
        }

        var scale = new List<ScaleResult>();
        if (options.Wants("scale"))
        {
            foreach (var size in options.Long ? [.. Sizes, LargestSize] : Sizes)
            {
                await console.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Storing {size:N0} credentials …"));
                scale.Add(await ScaleRun.MeasureAsync(size, console));
            }
        }

        return new Report
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine(),
            Commit = await CommitAsync(),
            Crypto = crypto,
            Rows = rows,
            Memory = memory,
            Start = start,
            Scale = scale,
            Scaling = scaling,
            Took = watch.Elapsed,
        };
    }

    /// <summary>A whole run becomes the day's table and the picture; a look at some paths, or a short one, is only printed.</summary>
    public static async Task KeepAsync(BenchOptions options, Report report, TextWriter console)
    {
        var text = Markdown.Of(report);
        if (options.Names.Count > 0 || options.Short || !options.Peers || !options.Postgres)
        {
            await console.WriteLineAsync(text);
            return;
        }

        var results = Path.Combine(Repository.Root, "benchmarks", "results");
        Directory.CreateDirectory(results);
        var table = Path.Combine(results, string.Create(CultureInfo.InvariantCulture, $"{report.At:yyyy-MM-dd}.md"));
        await File.WriteAllTextAsync(table, text);
        await File.WriteAllTextAsync(Path.Combine(results, "latest.svg"), Chart.Of(report));
        await console.WriteLineAsync($"{text}\nKept in {table}, the picture beside it in latest.svg.");
    }

    private static string Machine()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) ?? "";
        return $"{model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()}, {Environment.ProcessorCount} cores, .NET {Environment.Version}";
    }

    private static async Task<string> CommitAsync()
    {
        using var git = Process.Start(
            new ProcessStartInfo("git", ["describe", "--always", "--dirty"])
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var name = (await git.StandardOutput.ReadToEndAsync()).Trim();
        await git.WaitForExitAsync();
        return name;
    }
}
