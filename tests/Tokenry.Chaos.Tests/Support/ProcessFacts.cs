using System.Globalization;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>What Linux knows of a process (proc(5)).</summary>
internal static class ProcessFacts
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    /// <summary>Resident memory in MiB.</summary>
    public static double Resident(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Time on a processor, in user and kernel mode, of all its threads.</summary>
    public static TimeSpan Processor(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds(
            (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond
        );
    }

    /// <summary>The thread that carries this name.</summary>
    public static int Thread(int pid, string name) =>
        Directory
            .EnumerateDirectories($"/proc/{pid}/task")
            .Where(task => File.ReadAllText(Path.Combine(task, "comm")).TrimEnd() == name)
            .Select(task => int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture))
            .Single();
}
