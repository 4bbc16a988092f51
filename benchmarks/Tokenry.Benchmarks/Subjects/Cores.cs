using System.Diagnostics;
using System.Globalization;

namespace Tokenry.Benchmarks.Subjects;

/// <summary>Who runs where: measured servers on one core; the load and databases on the other.</summary>
internal static class Cores
{
    public const string Server = "0";
    public const string Load = "1";

    public static readonly string All = string.Create(CultureInfo.InvariantCulture, $"0-{Environment.ProcessorCount - 1}");

    public static ProcessStartInfo On(string core, params string[] command) =>
        new("taskset", ["-c", core, .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };

    /// <summary>Moves a running process; what it starts from now on goes with it.</summary>
    public static void Move(int processId, string core)
    {
        using var move = Process.Start(
            new ProcessStartInfo("taskset", ["-a", "-p", "-c", core, processId.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        move.WaitForExit();
    }
}
