using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Tokenry.Testing;

/// <summary>Signal numbers of Linux; <see cref="PosixSignal"/> has no SIGKILL and cannot be sent.</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

internal static partial class Posix
{
    private const int NoSuchProcess = 3;
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID

    /// <summary>CPUCLOCK_SCHED of the kernel.</summary>
    private const int ProcessCpuClock = 2;

    public static bool IsRoot => EffectiveUser() == 0;

    public static void SetMode(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(path, mode);
    }

    /// <summary>Signals exactly one process. A process that is already gone is no error: tests race with their victims.</summary>
    public static void Send(int pid, Signal signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(pid, 1); // 0 and below address groups; 1 is never ours
        if (SendSignal(pid, (int)signal) != 0 && Marshal.GetLastPInvokeError() is var error and not NoSuchProcess)
            throw new Win32Exception(error, $"kill({pid}, {signal})");
    }

    /// <summary>False for zombies too: whoever should reap an orphan may take its time, but it holds nothing any more.</summary>
    public static bool IsAlive(int pid) => Status(pid) is { State: not ('Z' or 'X') };

    public static IReadOnlyList<int> ChildrenOf(int parent) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, provider: null, out var pid) ? pid : 0)
                .Where(pid => pid > 0 && Status(pid)?.Parent == parent),
        ];

    // proc(5): pid (command) state ppid …; the command may itself contain spaces and parentheses.
    private static (char State, int Parent)? Status(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], int.Parse(fields[1], NumberStyles.None, provider: null));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>What the calling thread has spent of a processor, whatever else the machine does.</summary>
    public static TimeSpan ThreadTime() => TimeOf(ThreadCpuClock);

    /// <summary>What all threads of a process have spent, those that have ended too; to the nanosecond, where proc(5) counts in hundredths of a second.</summary>
    public static TimeSpan ProcessTime(int pid) => TimeOf((~pid << 3) | ProcessCpuClock); // clock_getcpuclockid(3)

    private static TimeSpan TimeOf(int clock) =>
        ReadClock(clock, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000d)
            : throw new Win32Exception(Marshal.GetLastPInvokeError(), "clock_gettime");

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ReadClock(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }

    /// <summary>For native libraries of this process: what .NET sets in its environment they do not see.</summary>
    public static void SetEnvironment(string name, string value)
    {
        if (SetVariable(name, value, 1) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "setenv");
    }

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial uint EffectiveUser();
}
