using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tokenry.Server.Platform.Files;

namespace Tokenry.Server.Composition;

/// <summary>
/// The servers that this user runs on this machine: one file for each, in a directory that only this user can read. So a command finds a
/// server whatever its settings are. Without the directory, a command finds only the server of its <c>--data-directory</c>.
/// </summary>
public static partial class RunningServers
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The control-socket path of a server without a data directory; <c>null</c> if no private directory exists.</summary>
    public static string? SocketPath() =>
        Directory(create: true) is { } directory ? Path.Combine(directory, $"{Environment.ProcessId}.sock") : null;

    /// <summary>Registers a server. If the file cannot be written, commands need <c>--data-directory</c>.</summary>
    public static void Add(ServerState state) =>
        InDirectory(
            create: true,
            directory =>
                PrivateFile.Write(
                    PathOf(directory, state.ProcessId),
                    JsonSerializer.SerializeToUtf8Bytes(state, ServerStateJson.Default.ServerState),
                    overwrite: true
                )
        );

    public static void RemoveThis() => InDirectory(create: false, directory => File.Delete(PathOf(directory, Environment.ProcessId)));

    /// <summary>The servers whose control socket accepts connections, sorted by address. Deletes the files of killed servers.</summary>
    public static IReadOnlyList<ServerState> Find()
    {
        var found = new List<ServerState>();
        InDirectory(
            create: false,
            directory =>
            {
                foreach (var path in System.IO.Directory.EnumerateFiles(directory, "*.json"))
                {
                    if (Read(path) is not { } state)
                    {
                        continue;
                    }

                    if (Answers(state.ControlSocket))
                    {
                        found.Add(state);
                    }
                    else if (!System.IO.Directory.Exists($"/proc/{state.ProcessId}"))
                    {
                        File.Delete(path);
                        File.Delete(Path.ChangeExtension(path, ".sock"));
                    }
                }
            }
        );
        return [.. found.OrderBy(state => state.Urls, StringComparer.Ordinal)];
    }

    private static void InDirectory(bool create, Action<string> use)
    {
        try
        {
            if (Directory(create) is { } directory)
            {
                use(directory);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A server must start even without this convenience for commands.
        }
    }

    private static string PathOf(string directory, int processId) =>
        Path.Combine(directory, processId.ToString(CultureInfo.InvariantCulture) + ".json");

    private static ServerState? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ServerStateJson.Default.ServerState);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // the server is stopping, or another version wrote the file
        }
    }

    private static bool Answers(string socketPath)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// The path depends on the user only, because the environment differs between a terminal and a service. Only root can write to /run. In
    /// /tmp, another user may have created the directory first; the mode check finds that, because this user cannot open a directory that is
    /// closed to others.
    /// </summary>
    private static string? Directory(bool create)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var user = EffectiveUser();
        var own = $"/run/user/{user}";
        var path =
            user == 0 ? "/run/tokenry"
            : System.IO.Directory.Exists(own) ? Path.Combine(own, "tokenry")
            : $"/tmp/tokenry-{user}";
        try
        {
            if (create)
            {
                System.IO.Directory.CreateDirectory(path, OwnerOnly);
            }

            return
                System.IO.Directory.Exists(path) && File.GetUnixFileMode(path) == OwnerOnly && File.ResolveLinkTarget(path, false) is null
                ? path
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
