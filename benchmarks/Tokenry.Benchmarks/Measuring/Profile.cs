using System.Diagnostics;
using System.Globalization;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Subjects;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>Where the processor time of a path goes: Linux's perf samples the warm server, whose runtime names its own code.</summary>
internal static class Profile
{
    private const int WarmUpSeconds = 40;
    private const int Seconds = 8;

    /// <summary>For the names; without the second, code lies in two places and has none.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["DOTNET_PerfMapEnabled"] = "1",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };

    /// <summary>Prints by thread, then by function with and without what it calls.</summary>
    public static async Task RunAsync(LoadCore loads, string path, TextWriter console)
    {
        await using var subject = await TokenrySubject.StartAsync(Engine.Sqlite, Settings);
        await subject.CheckAsync(path);
        await using (var warmUp = await loads.PrepareAsync(subject, path, Measurement.Connections, WarmUpSeconds))
        {
            await warmUp.RunAsync();
        }

        var data = Path.Combine(Path.GetTempPath(), "tokenry-profile.data");
        await using var prepared = await loads.PrepareAsync(subject, path, Measurement.Connections, Seconds + 2);
        var load = prepared.RunAsync();
        await PerfAsync(
            "record",
            "-F",
            "997",
            "-g",
            "-e",
            "cpu-clock",
            "-p",
            Digits(subject.ProcessId),
            "-o",
            data,
            "--",
            "sleep",
            Digits(Seconds)
        );
        var seen = await load;
        await console.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{path}: {seen.PerSecond:F0} requests/s while sampled"));
        string[][] views =
        [
            ["--no-children", "--sort", "comm"],
            ["--no-children", "--sort", "dso"],
            ["--no-children", "--sort", "sym", "--percent-limit", "0.4"],
            ["--children", "--sort", "sym", "--percent-limit", "0.8"],
        ];
        foreach (var view in views)
        {
            await console.WriteLineAsync($"\n== {string.Join(' ', view)}");
            var report = await PerfAsync(["report", "-i", data, "-g", "none", "--stdio", .. view]);
            foreach (var line in report.Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#')))
            {
                await console.WriteLineAsync(line.TrimEnd());
            }
        }

        File.Delete(data);
    }

    private static async Task<string> PerfAsync(params string[] arguments)
    {
        using var perf = Process.Start(
            new ProcessStartInfo("perf", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var error = perf.StandardError.ReadToEndAsync();
        var output = await perf.StandardOutput.ReadToEndAsync();
        await perf.WaitForExitAsync();
        return perf.ExitCode == 0 ? output : throw new InvalidOperationException($"perf {arguments[0]}: {await error}");
    }

    private static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);
}
