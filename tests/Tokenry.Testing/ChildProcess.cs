using System.Diagnostics;

namespace Tokenry.Testing;

/// <summary>One process we started: its output is captured, it is signalled by its own id only, and it never outlives the test run.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private bool _disposed;

    private ChildProcess(Process process)
    {
        _process = process;
        AtExit.Add(Kill);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(ProcessStartInfo start, OutputLines output, OutputLines error)
    {
        start.UseShellExecute = false;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => error.Add(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildProcess(process);
    }

    public static async Task<CommandResult> RunAsync(ProcessStartInfo start, TimeSpan timeout)
    {
        var (output, error) = (new OutputLines(), new OutputLines());
        using var process = Start(start, output, error);
        if (await process.WaitForExitAsync(timeout))
            return new CommandResult(process.ExitCode, output.ToString(), error.ToString());
        throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)}: no end after {timeout}\n{output}\n{error}");
    }

    public void Signal(Signal signal)
    {
        if (!HasExited)
            Posix.Send(Id, signal);
    }

    /// <summary>SIGKILL, and back only when the process is gone.</summary>
    public void Kill()
    {
        if (_disposed)
            return;
        Signal(Testing.Signal.Kill);
        _process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    /// <summary>True when the process has ended and everything it wrote has been read.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Kill();
        AtExit.Remove(Kill);
        _disposed = true;
        _process.Dispose();
    }
}
