using System.Text.Json;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Files;

/// <summary>
/// The directory of database, key file, lock and control socket. On SQLite one process at a time holds it. On PostgreSQL nothing in it is exclusive, so
/// replicas may share it.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const int LongestSocketPath = 100; // sockaddr_un holds 108 bytes on Linux, 104 on macOS

    private readonly string path;
    private readonly FileStream? held;
    private string? privateDirectory;

    private DataDirectory(string path, FileStream? held)
    {
        this.path = path;
        this.held = held;
    }

    private string StatePath => Path.Combine(path, "server.json");

    /// <summary>Creates the directory (0700) if it does not exist, and closes an existing one to other users.</summary>
    /// <returns>What it closed, for the operator to read.</returns>
    public static IReadOnlyList<string> Create(string path)
    {
        if (Directory.Exists(path))
        {
            return PrivateDirectory.Close(path);
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The server cannot create the data directory {path}: {exception.Message}");
        }

        return [];
    }

    /// <summary>Takes the lock, or returns <c>null</c> if another process holds it.</summary>
    public static DataDirectory? TryHold(string path)
    {
        try
        {
            return new DataDirectory(
                path,
                new FileStream(Path.Combine(path, "server.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
            );
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StartupException($"The server cannot write to the data directory {path}: {exception.Message}");
        }
    }

    /// <summary>The state that the process holding <paramref name="path"/> wrote, if it is running.</summary>
    public static ServerState? ReadState(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(path, "server.json")), ServerStateJson.Default.ServerState);
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The path of the control socket: in this directory, or in a private temporary directory if the path is too long for a socket.</summary>
    public string ControlSocketPath()
    {
        var here = Path.Combine(path, "control.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(here) <= LongestSocketPath)
        {
            return here;
        }

        privateDirectory = Directory.CreateTempSubdirectory("tokenry-").FullName; // created with mode 0700
        return Path.Combine(privateDirectory, "control.sock");
    }

    /// <summary>Writes the state to a file of its own, because other processes cannot read a locked file.</summary>
    public void WriteState(ServerState state) =>
        File.WriteAllBytes(StatePath, JsonSerializer.SerializeToUtf8Bytes(state, ServerStateJson.Default.ServerState));

    public void Dispose()
    {
        File.Delete(StatePath);
        if (privateDirectory is not null)
        {
            Directory.Delete(privateDirectory, recursive: true);
        }

        held?.Dispose();
    }
}
