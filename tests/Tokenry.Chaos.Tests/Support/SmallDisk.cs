using System.Diagnostics;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>A file system of a few megabytes (tmpfs) that a test may fill. Mounting one needs root, or sudo without a password.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly string _ballast;

    private SmallDisk(string path)
    {
        Path = path;
        _ballast = System.IO.Path.Combine(path, "ballast");
        AtExit.Add(Remove);
    }

    public string Path { get; }

    /// <summary>Where a server may keep its data.</summary>
    public string DataDirectory => System.IO.Path.Combine(Path, "data");

    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var path = Directory.CreateTempSubdirectory("tokenry-disk-").FullName;
        var disk = new SmallDisk(path);
        var result = await ChildProcess.RunAsync(
            AsRoot("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "tokenry-test", path),
            Patience
        );
        if (result.ExitCode == 0)
            return disk;
        await disk.DisposeAsync();
        throw new InvalidOperationException(
            $"This experiment needs a small file system of its own, and mounting a tmpfs failed: {result.Error.Trim()}. Run ./test as root."
        );
    }

    /// <summary>Takes the last byte there is.</summary>
    public void Fill()
    {
        using var file = File.OpenHandle(_ballast, FileMode.OpenOrCreate, FileAccess.Write);
        var at = RandomAccess.GetLength(file);
        for (var step = 1 << 20; step > 0; step /= 16)
        {
            var bytes = new byte[step];
            try
            {
                for (; ; at += step)
                    RandomAccess.Write(file, bytes, at);
            }
            catch (IOException)
            {
                at = RandomAccess.GetLength(file); // no space left; a part may have been written
            }
        }
    }

    public void Free() => File.Delete(_ballast);

    public ValueTask DisposeAsync()
    {
        Remove();
        AtExit.Remove(Remove);
        return ValueTask.CompletedTask;
    }

    private static ProcessStartInfo AsRoot(string program, params string[] arguments) =>
        Posix.IsRoot ? new ProcessStartInfo(program, arguments) : new ProcessStartInfo("sudo", ["-n", program, .. arguments]);

    // Synchronous: it also runs while the process exits.
    private void Remove()
    {
        if (!Directory.Exists(Path))
            return;
        var start = AsRoot("umount", "--lazy", Path);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using (var umount = Process.Start(start))
            umount?.WaitForExit(Patience);
        Directory.Delete(Path, recursive: true);
    }
}
