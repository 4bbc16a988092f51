using System.Globalization;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>What Linux knows of a process (proc(5)).</summary>
internal static class ProcessFacts
{
    /// <summary>Resident memory in MiB.</summary>
    public static double Resident(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>The thread that carries this name.</summary>
    public static int Thread(int pid, string name) =>
        Directory
            .EnumerateDirectories($"/proc/{pid}/task")
            .Where(task => File.ReadAllText(Path.Combine(task, "comm")).TrimEnd() == name)
            .Select(task => int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture))
            .Single();
}
