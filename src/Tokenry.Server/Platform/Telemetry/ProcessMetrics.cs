using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>The version, the start time and the open files of the process. The runtime itself measures CPU and memory.</summary>
internal sealed class ProcessMetrics
{
    private const string Descriptors = "/proc/self/fd";
    private const string Limits = "/proc/self/limits";

    public ProcessMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(ServerMetrics.MeterName);
        using var process = Process.GetCurrentProcess();
        var startedAt = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        KeyValuePair<string, object?>[] build = [new("version", Version), new("dotnet", Environment.Version.ToString())];
        meter.CreateObservableGauge(
            "tokenry.build",
            () => new Measurement<long>(1, build),
            description: "Always 1; the labels name the running version."
        );
        meter.CreateObservableGauge("process.start_time", () => startedAt, "s", "When the process started, in Unix time.");
        if (Directory.Exists(Descriptors))
        {
            meter.CreateObservableGauge("process.open_fds", CountDescriptors, "{descriptor}", "Open file descriptors.");
        }

        if (ReadMostDescriptors() is { } most)
        {
            meter.CreateObservableGauge("process.max_fds", () => most, "{descriptor}", "File descriptors the process may open.");
        }
    }

    /// <summary>The version without the commit, which follows a plus sign.</summary>
    public static string Version { get; } =
        typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    // The descriptor of the enumeration itself is not counted.
    private static long CountDescriptors() => Directory.EnumerateFileSystemEntries(Descriptors).LongCount() - 1;

    private static long? ReadMostDescriptors() =>
        File.Exists(Limits)
        && File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
        && long.TryParse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var most
        )
            ? most
            : null;
}
