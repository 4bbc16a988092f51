using System.Text.Json;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Files;

/// <summary>
/// The directory of database, key file, lock and control socket. On SQLite one process at a time holds it; on PostgreSQL nothing in it is
/// exclusive, so replicas may share it.
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

    /// <summary>Creates the directory (0700) if need be; one that is there is closed to other users.</summary>
    /// <returns>What had to be closed, for the operator to read.</returns>
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
            throw new StartupException($"The data directory {path} cannot be created: {exception.Message}");
        }

        return [];
    }

    /// <summary>Takes the lock, or returns <c>null</c> where another process holds it.</summary>
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
            throw new StartupException($"The data directory {path} cannot be written: {exception.Message}");
        }
    }

    /// <summary>What the process that holds <paramref name="path"/> says of itself, if it is up.</summary>
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

    /// <summary>Where the control socket goes: here, or in a private temporary directory if the path is too long for a socket.</summary>
    public string ControlSocketPath()
    {
        var here = Path.Combine(path, "control.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(here) <= LongestSocketPath)
        {
            return here;
        }

        privateDirectory = Directory.CreateTempSubdirectory("tokenry-").FullName; // 0700
        return Path.Combine(privateDirectory, "control.sock");
    }

    /// <summary>Beside the lock, since others cannot read a held lock file.</summary>
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
