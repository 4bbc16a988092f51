using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition;

/// <summary>
/// Lets a command on the same host send a request to a running server: one JSON line each way, over a Unix socket that only the owner of the
/// data directory can open. On PostgreSQL there is no data directory, so the socket is in the directory of <see cref="RunningServers"/>. The
/// network cannot reach it.
/// </summary>
public sealed partial class ControlSocket(TokenryOptions options, ILogger<ControlSocket> logger, DataDirectory? directory = null)
    : BackgroundService
{
    private const int LongestLine = 8192;

    private readonly Dictionary<string, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>>> verbs = new(
        StringComparer.Ordinal
    );

    /// <summary>Registers the handler of a command-line verb. Must run before the server starts.</summary>
    public void Map(string verb, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>> run) =>
        verbs.Add(verb, run);

    /// <summary>Sends a request to the running server; <c>null</c> if no server answers.</summary>
    public static async Task<ControlAnswer?> AskAsync(string dataDirectory, ControlRequest request)
    {
        return DataDirectory.ReadState(dataDirectory) is { } state ? await AskAsync(state, request) : null;
    }

    /// <summary>Sends a request to the server; <c>null</c> if it does not answer.</summary>
    public static async Task<ControlAnswer?> AskAsync(ServerState state, ControlRequest request)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(state.ControlSocket));
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest));
            stream.WriteByte((byte)'\n');
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadLineAsync() is { } line ? JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer) : null;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return null;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if ((directory is null ? RunningServers.SocketPath() : directory.ControlSocketPath()) is not { } path)
        {
            LogNone();
            return;
        }

        File.Delete(path); // left by a killed process; the lock proves that it ended
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        listener.Listen(8);
        var state = new ServerState(Environment.ProcessId, options.Issuer, path, options.Store.DataDirectory);
        directory?.WriteState(state);
        RunningServers.Add(state);
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync(stoppingToken);
                await ServeAsync(connection, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
        finally
        {
            RunningServers.RemoveThis();
            File.Delete(path);
        }
    }

    private async Task ServeAsync(Socket connection, CancellationToken stopping)
    {
        try
        {
            await using var stream = new NetworkStream(connection);
            using var reading = Patience(stopping);
            var line = await ReadLineAsync(stream, reading.Token);
            if (line.Length == 0)
            {
                return; // the command only checks which servers run
            }

            var answer = await AnswerAsync(line, OperatingSystemUser.OfPeer(connection)); // no timeout: the verification of millions of audit events takes minutes
            using var writing = Patience(stopping);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, ControlJson.Default.ControlAnswer), writing.Token);
            stream.WriteByte((byte)'\n');
        }
        catch (Exception exception)
        {
            // Any failure of one connection: an exception that leaves a background service stops the server.
            LogFailed(exception.GetType().Name);
        }
    }

    private static CancellationTokenSource Patience(CancellationToken stopping)
    {
        var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(TimeSpan.FromSeconds(10));
        return timeout;
    }

    private async Task<ControlAnswer> AnswerAsync(byte[] line, OperatingSystemUser user)
    {
        var request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest);
        if (request is not { Verb: not null, Options: not null } || !verbs.TryGetValue(request.Verb, out var run))
        {
            return new ControlAnswer(
                null,
                "The running server does not know this command. Check whether it runs an older version.",
                failed: true
            );
        }

        try
        {
            return await run(request.Options, user);
        }
        catch (Exception exception) when (exception is StartupException or StoreUnavailableException)
        {
            return new ControlAnswer(null, exception.Message, failed: true);
        }
        catch (Exception exception)
        {
            // Without an answer, the command would repeat the request, and the server might do the work twice.
            LogFailed(exception.GetType().Name);
            return new ControlAnswer(null, "The server could not complete the command. See its log.", failed: true);
        }
    }

    private static async Task<byte[]> ReadLineAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[LongestLine];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0)
            {
                return length == 0 ? [] : throw new IOException("The line has no end.");
            }

            var end = Array.IndexOf(buffer, (byte)'\n', length, read);
            length += read;
            if (end >= 0)
            {
                return buffer[..end];
            }
        }

        throw new IOException("The line is too long.");
    }

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Information,
        Message = "No private directory exists for the control socket. Set ConnectionStrings__Tokenry of this server for admin commands."
    )]
    private partial void LogNone();

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "A command over the control socket failed: {Reason}")]
    private partial void LogFailed(string reason);
}
