using System.Globalization;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>What Linux says of a process.</summary>
public static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all its threads so far; zero once it is gone. In steps of 10 ms.</summary>
    public static TimeSpan Time(int id) => TimeOf(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));

    /// <summary>Of that, what .NET's thread spent that compiles hot code again; zero for a process without one.</summary>
    public static TimeSpan CompilingTime(int id) =>
        Directory
            .EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/task"))
            .Where(task => Name(task).StartsWith(".NET Tiered", StringComparison.Ordinal))
            .Aggregate(TimeSpan.Zero, (sum, task) => sum + TimeOf(Path.Combine(task, "stat")));

    /// <summary>Time in which the first so many cores had nothing to do, waiting for disks included.</summary>
    public static TimeSpan IdleTime(int cores) =>
        TimeSpan.FromSeconds(
            File.ReadLines("/proc/stat")
                .Skip(1) // their sum
                .Take(cores)
                .Select(line => line.Split(' '))
                .Sum(fields => Number(fields[4]) + Number(fields[5])) / TicksPerSecond
        );

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm"));
        }
        catch (IOException)
        {
            return ""; // it has ended
        }
    }

    private static TimeSpan TimeOf(string file)
    {
        try
        {
            var stat = File.ReadAllText(file);
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond);
        }
        catch (IOException)
        {
            return TimeSpan.Zero;
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long Memory(int id) =>
        File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/status"))
            .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Select(line => (long)Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024)
            .Single();

    private static double Number(string text) => double.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
