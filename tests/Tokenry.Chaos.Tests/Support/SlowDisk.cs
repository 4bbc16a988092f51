using System.Diagnostics;
using System.Globalization;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>
/// A disk that takes its time: strace holds every fsync and fdatasync of one thread. Only that thread is traced, since tracing costs
/// every system call of whom it touches and the others are what is measured.
/// </summary>
internal sealed class SlowDisk : IDisposable
{
    private readonly OutputLines _words = new();
    private readonly ChildProcess _strace;

    private SlowDisk(int thread, TimeSpan delay)
    {
        var microseconds = (delay.TotalMilliseconds * 1000).ToString("0", CultureInfo.InvariantCulture);
        _strace = ChildProcess.Start(
            new ProcessStartInfo(
                "strace",
                [
                    "-p",
                    thread.ToString(CultureInfo.InvariantCulture),
                    "-e",
                    "trace=fsync,fdatasync",
                    "-e",
                    $"inject=fsync,fdatasync:delay_enter={microseconds}",
                    "-o",
                    "/dev/null",
                ]
            ),
            _words,
            _words
        );
    }

    public static async Task<SlowDisk> UnderAsync(ServerProcess server, TimeSpan delay)
    {
        var disk = new SlowDisk(ProcessFacts.Thread(server.ProcessId, "sqlite-writer"), delay);
        var waited = Stopwatch.StartNew();
        while (!disk._words.ToString().Contains("attached", StringComparison.Ordinal))
        {
            if (disk._strace.HasExited || waited.Elapsed > TimeSpan.FromSeconds(10))
            {
                disk.Dispose();
                throw new InvalidOperationException($"strace could not be attached to the server: {disk._words}. Run ./test as root.");
            }
            await Task.Delay(10);
        }
        return disk;
    }

    public void Dispose()
    {
        _strace.Signal(Signal.Terminate); // it lets go of the thread by itself
        _strace.WaitForExitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        _strace.Dispose();
    }
}
