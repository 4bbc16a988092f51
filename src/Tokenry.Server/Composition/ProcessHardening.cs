using System.Globalization;
using System.Runtime.InteropServices;

namespace Tokenry.Server.Composition;

/// <summary>
/// Protects the process before it reads its first key: no new files that other users can read, no core dumps, no sockets for debuggers and
/// profilers. It works on Linux; elsewhere the service manager must do it (<c>docs/guides/systemd.md</c>).
/// </summary>
internal static partial class ProcessHardening
{
    private const uint OwnerOnly = 0b000_111_111; // 077: no permission for group and others
    private const int SetDumpable = 4; // PR_SET_DUMPABLE
    private const int ResourceCore = 4; // RLIMIT_CORE

    public static void Apply()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _ = Umask(OwnerOnly);
        // The limit covers dump files only. A handler that reads core dumps from a pipe checks PR_SET_DUMPABLE instead.
        var none = default(ResourceLimit);
        _ = SetLimit(ResourceCore, in none);
        _ = ProcessControl(SetDumpable, 0, 0, 0, 0);
        RemoveDiagnosticSockets();
    }

    /// <summary>
    /// Only the environment variable <c>DOTNET_EnableDiagnostics=0</c> keeps the runtime from creating these sockets. Without it, the server
    /// deletes their files, so that no process can connect.
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
                // A directory that this user cannot read or write holds no socket of this process.
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
