using System.Globalization;
using System.Runtime.InteropServices;

namespace Tokenry.Server.Composition;

/// <summary>
/// What the process gives up before it reads its first key: files that others may read, core dumps, and the runtime's doors for debuggers and
/// profilers. On Linux; elsewhere the service manager has to do it (<c>docs/guides/systemd.md</c>).
/// </summary>
internal static partial class ProcessHardening
{
    private const uint OwnerOnly = 0b000_111_111; // 077: what is taken from group and others
    private const int SetDumpable = 4; // PR_SET_DUMPABLE
    private const int ResourceCore = 4; // RLIMIT_CORE

    public static void Apply()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _ = Umask(OwnerOnly);
        // The limit is for files; a handler that takes core dumps from a pipe minds only whether the process may be dumped.
        var none = default(ResourceLimit);
        _ = SetLimit(ResourceCore, in none);
        _ = ProcessControl(SetDumpable, 0, 0, 0, 0);
        RemoveDiagnosticSockets();
    }

    /// <summary>
    /// <c>DOTNET_EnableDiagnostics=0</c> keeps the runtime from making them, and only the environment can say so. Started without it, a socket
    /// without a name is one that nobody reaches.
    /// </summary>
    private static void RemoveDiagnosticSockets()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") == "0")
        {
            return;
        }

        var process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var pattern in new[] { $"dotnet-diagnostic-{process}-*-socket", $"clr-debug-pipe-{process}-*" })
        {
            try
            {
                foreach (var path in Directory.EnumerateFileSystemEntries(Path.GetTempPath(), pattern))
                {
                    File.Delete(path);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A directory that cannot be read or written holds none of ours.
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint two, nuint three, nuint four, nuint five);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Current;
        public nuint Most;
    }
}
