using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition;

/// <summary>
/// How a command on the same host asks a running server: one JSON line in, one out, over a Unix socket that only the owner of the data directory can open.
/// On PostgreSQL, where no process holds a data directory, the socket is among <see cref="RunningServers"/>. It is no HTTP door: nothing reaches it
/// from the network.
/// </summary>
public sealed partial class ControlSocket(TokenryOptions options, ILogger<ControlSocket> logger, DataDirectory? directory = null)
    : BackgroundService
{
    private const int LongestLine = 8192;

    private readonly Dictionary<string, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>>> verbs = new(
        StringComparer.Ordinal
    );

    /// <summary>Registers what a verb of the command line does, with its options and for whom; before the server starts.</summary>
    public void Map(string verb, Func<IReadOnlyDictionary<string, string>, OperatingSystemUser, Task<ControlAnswer>> run) =>
        verbs.Add(verb, run);

    /// <summary>Asks the running server; <c>null</c> where none answers.</summary>
    public static async Task<ControlAnswer?> AskAsync(string dataDirectory, ControlRequest request)
    {
        return DataDirectory.ReadState(dataDirectory) is { } state ? await AskAsync(state, request) : null;
    }

    /// <summary>Asks the server; <c>null</c> where it does not answer.</summary>
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

        File.Delete(path); // left by a process that was killed; the lock says it is gone
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
                return; // a command that only looks which servers run
            }

            var answer = await AnswerAsync(line, OperatingSystemUser.OfPeer(connection)); // as long as it takes: a trail of millions of events is verified in minutes
            using var writing = Patience(stopping);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer, ControlJson.Default.ControlAnswer), writing.Token);
            stream.WriteByte((byte)'\n');
        }
        catch (Exception exception)
        {
            // Whatever was said here or went wrong: an exception that leaves a background service ends the server.
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
            return new ControlAnswer(null, "The running server does not know this command; is it an older version?", failed: true);
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
            // Without an answer the command would ask again, and do twice what was perhaps done.
            LogFailed(exception.GetType().Name);
            return new ControlAnswer(null, "The server failed to carry the command out; its log says more.", failed: true);
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
                return length == 0 ? [] : throw new IOException("The line was not finished.");
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
        Message = "There is no private directory for a control socket: admin commands need this server's ConnectionStrings__Tokenry."
    )]
    private partial void LogNone();

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "A command over the control socket failed: {Reason}")]
    private partial void LogFailed(string reason);
}
