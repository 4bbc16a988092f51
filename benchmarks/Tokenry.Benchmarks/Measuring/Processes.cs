using System.Globalization;

namespace Tokenry.Benchmarks.Measuring;

/// <summary>What Linux says of a process.</summary>
public static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all its threads so far; zero once it is gone. In steps of 10 ms.</summary>
    public static TimeSpan Time(int id)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IOException)
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
